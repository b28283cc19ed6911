"""Programs that make an ONNX model of a pipeline for an image of a size, write it and run it."""

from imgconv.operations.pipeline import Pipeline
from imgconv.other_tools.emit.python import BEGIN, END, python_program

IMPORTS = (
    "import onnx",
    "from onnx import helper, numpy_helper",
    "from onnx.reference import ReferenceEvaluator  # or: onnxruntime.InferenceSession",
)
HELPERS = {
    "_value": '''
nodes, constants = [], []


class Value:
    """A tensor of the model, (C, 1, H, W); its shape here is (H, W, C)."""

    def __init__(self, name, shape):
        self.name, self.shape = name, shape


def constant(array):
    constants.append(numpy_helper.from_array(np.asarray(array), f"c{len(constants)}"))
    return constants[-1].name


def add(operator, x, *inputs, shape=None, **attributes):
    nodes.append(helper.make_node(operator, [x.name, *inputs], [f"v{len(nodes)}"], **attributes))
    return Value(nodes[-1].output[0], shape or x.shape)


def placed(x, size, stride, dilation):
    sides = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(x.shape, size, stride, dilation)]
    return {"shape": (*sides, x.shape[2]), "kernel_shape": size, "strides": stride, "dilations": dilation}
''',
    "extended": """
def extended(x, pads, mode, constant_values=0.0):
    height, width, channels = x.shape
    shape = (height + pads[0] + pads[1], width + pads[2] + pads[3], channels)
    if mode == "constant":
        around = constant(np.array([0, 0, pads[0], pads[2], 0, 0, pads[1], pads[3]], dtype="int64"))
        return add("Pad", x, around, constant(np.float64(constant_values)), shape=shape)
    for axis, (n, ends) in enumerate(((height, pads[:2]), (width, pads[2:])), start=2):
        x = add("Gather", x, constant(np.pad(np.arange(n), ends, mode=mode)), axis=axis)
    return Value(x.name, shape)
""",
    "correlate": """
def correlate(x, weights, stride, dilation):
    weights = np.array(weights, dtype="float64")
    return add("Conv", x, constant(weights[None, None]), **placed(x, weights.shape, stride, dilation))
""",
    "maximum": """
def maximum(x, size, stride, dilation):
    return add("MaxPool", x, **placed(x, size, stride, dilation))
""",
    "scaled": """
def scaled(x, divisor, bias):
    divisor = np.asarray(divisor, dtype="float64")
    x = add("Div", x, constant(divisor[..., 0] if divisor.ndim else divisor))
    return add("Add", x, constant(np.float64(bias))) if bias else x
""",
    "relu": """
def relu(x):
    return add("Relu", x)
""",
    "absolute": """
def absolute(x):
    return add("Abs", x)
""",
    "sigmoid": """
def sigmoid(x):
    return add("Sigmoid", x)
""",
    "tanh": """
def tanh(x):
    return add("Tanh", x)
""",
}
MODEL = """
feed = x.transpose(2, 0, 1)[:, None]
first = x = Value("x", x.shape)
"""
RUN = """
kinds = [helper.make_tensor_value_info(each.name, onnx.TensorProto.DOUBLE, None) for each in (first, x)]
graph = helper.make_graph(nodes, "pipeline", kinds[:1], kinds[1:], constants)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)])
onnx.save(model, sys.argv[2] + ".onnx")
x = ReferenceEvaluator(model).run(None, {"x": feed})[0][:, 0].transpose(1, 2, 0)
"""


def program(pipeline: Pipeline) -> str:
    return python_program("onnx", pipeline, IMPORTS, HELPERS, BEGIN + MODEL, RUN + END)
