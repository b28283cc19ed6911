"""The roll call: canonical texts of every operation, every option of each at least once."""

EXAMPLES = {
    "filter": [
        "filter vertical",
        "filter gaussian:1.5 border=reflect",
        "filter box:3 stride=2",
        'filter "1 2;3 4" border=wrap stride=2x1 dilation=1x2 pad=1,0,1,0',
        'filter "-1 0 1" border=constant:7 anchor=0,2 divisor=3 bias=10 convolve',
        "filter laplacian border=zero pad=valid",
        "filter sobel-x rotate=45",
        'filter "0.5 1/3;1 0" divisor=auto bias=-0.25',
        "filter sobel-x with=sobel-y",
        "filter sobel-x border=reflect with=2*sobel-y with=-0.5*gaussian:1 combine=max",
        'filter box:3 stride=2 divisor=4 bias=0.5 convolve with="1 2 1" combine=avg',
        "filter box:3 repeat=3",
        'filter "0 1" with=identity combine=max repeat=20 until-stable',
    ],
    "edges": [
        "edges sobel",
        "edges scharr norm=l1 border=reflect",
        "edges roberts norm=max",
        "edges kirsch",
        "edges robinson norm=l2",
        "edges frei-chen",
        "edges canny norm=l1 sigma=1.5 low=20 high=30%",
        "edges canny sigma=0 each-channel",
    ],
    "bank": [
        'bank "gabor:6,theta=0:180:45"',
        "bank gaussian:1:4 border=wrap stride=2 dilation=1x2 convolve with=-1*laplacian sheet columns=3",
        'bank "1 2 1;0 1 0;2 1 2" pad=1 with=sobel-x with=prewitt-y',
    ],
    "pool": [
        "maxpool 2",
        "avgpool 3 stride=2 pad=1 ceil",
        "avgpool 3 stride=2 pad=1 ceil count-padding",
        "minpool 2x3 stride=1 dilation=2 pad=same",
        "avgpool to=1",
        "medianpool 3 stride=1 pad=same",
        "pool kind=percentile:90 size=3 stride=2",
        "sumpool 2",
        "rangepool 2 stride=1",
        "pool kind=lp:3 stride=1",
        "globalmaxpool",
    ],
    "activate": ["relu", "abs", "sigmoid", "tanh", "identity", "threshold:128", "clip:-0.5,200"],
}
"""Operation word -> canonical texts of one step."""

PIPELINES = [
    "filter vertical | relu | maxpool 2 | filter gaussian:1.5 border=reflect | avgpool 3 stride=2",
    "filter sobel-x | abs | maxpool 2",
    "avgpool 2 | filter sharpen | sigmoid",
    "filter gaussian:1 | edges canny sigma=0 | maxpool 2",
    "bank gaussian:1:3 | maxpool 2 | bank sobel-x with=sobel-y sheet",
]
