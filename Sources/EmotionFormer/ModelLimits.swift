package import EmotionFormerTensors

/// Bounds on what a model's file may make this process do: what is beyond is refused with `limitExceeded` before memory or time
/// is spent on it.
///
/// The defaults let through every model that this package is meant for, and are a hundred times what its bundled model needs.
/// A server that takes models from strangers sets smaller ones:
///
/// ```swift
/// var limits = ModelLimits()
/// limits.memoryBytes = 64 << 20
/// limits.operations = 5_000_000_000
/// let model = try EmotionModel(contentsOf: url, options: .init(limits: limits))
/// ```
public struct ModelLimits: Sendable, Hashable {
    package var values = Limits()

    /// The default limits.
    public init() {}

    /// Bytes of any file of a model but its manifest: weights, a `.tflite` file, mean and standard deviation. 1 GiB.
    public var fileBytes: Int {
        get { values.fileBytes }
        set { values.fileBytes = newValue }
    }

    /// Bytes of a package's manifest. 16 MiB.
    public var manifestBytes: Int {
        get { values.manifestBytes }
        set { values.manifestBytes = newValue }
    }

    /// Tensors that a file describes. 65,536.
    public var tensors: Int {
        get { values.tensors }
        set { values.tensors = newValue }
    }

    /// Graphs: the main one, and the bodies of loops and branches. 1,024.
    public var graphs: Int {
        get { values.graphs }
        set { values.graphs = newValue }
    }

    /// Nodes of all graphs; a body's once more for each node that runs it. 65,536.
    public var nodes: Int {
        get { values.nodes }
        set { values.nodes = newValue }
    }

    /// Axes of a tensor, 8 at most, which is the default.
    public var rank: Int {
        get { values.rank }
        set { values.rank = newValue }
    }

    /// Bytes of any one value that the model computes. 256 MiB.
    public var valueBytes: Int {
        get { values.valueBytes }
        set { values.valueBytes = newValue }
    }

    /// Bytes of everything that is computed while the model is compiled. 256 MiB.
    public var constantBytes: Int {
        get { values.constantBytes }
        set { values.constantBytes = newValue }
    }

    /// Bytes that a prediction works in; predictions at one time have such memory each. 1 GiB.
    public var memoryBytes: Int {
        get { values.memoryBytes }
        set { values.memoryBytes = newValue }
    }

    /// Elementary operations of a prediction, about one a nanosecond: elements that are read and written, floating-point
    /// operations, and 256 for each step. All rounds of all loops count. 10¹¹.
    public var operations: Int {
        get { values.operations }
        set { values.operations = newValue }
    }
}
