package import EmotionFormerCore

/// Limits on the memory and work that a model's file can ask for. What exceeds a limit is refused with `limitExceeded`
/// before memory or time is spent on it.
///
/// The defaults admit every model that this package is meant for, and are a hundred times what the bundled model needs.
/// A server that accepts models from strangers should set smaller ones:
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

    /// Bytes of any file of a model except the manifest: weights, a `.tflite` file, mean and standard deviation. 1 GiB.
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

    /// Nodes of all graphs. A body counts again for each node that runs it. 65,536.
    public var nodes: Int {
        get { values.nodes }
        set { values.nodes = newValue }
    }

    /// Axes of a tensor; the default, 8, is the maximum.
    public var rank: Int {
        get { values.rank }
        set { values.rank = newValue }
    }

    /// Bytes of a single value that the model computes. 256 MiB.
    public var valueBytes: Int {
        get { values.valueBytes }
        set { values.valueBytes = newValue }
    }

    /// Bytes of all constants that are computed while the model is compiled. 256 MiB.
    public var constantBytes: Int {
        get { values.constantBytes }
        set { values.constantBytes = newValue }
    }

    /// Bytes of working memory of one prediction. Concurrent predictions each have their own. 1 GiB.
    public var memoryBytes: Int {
        get { values.memoryBytes }
        set { values.memoryBytes = newValue }
    }

    /// Elementary operations of a prediction: elements read or written, floating-point operations, and 256 for each
    /// step, in all rounds of all loops. A core does about one per nanosecond. 10¹¹.
    public var operations: Int {
        get { values.operations }
        set { values.operations = newValue }
    }
}
