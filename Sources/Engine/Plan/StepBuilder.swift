import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernels

/// Makes the steps of a plan from the nodes of a typed graph; each file has one family of operations.
struct StepBuilder {
    let kernels: KernelSet
    /// For the graphs of loops and branches.
    let limits: Limits
    /// The graph; values may be added, for instance a joined result.
    var graph: TypedGraph
    private(set) var drafts: [StepDraft] = []
    /// For each value, the value whose memory it shares: itself, unless it is the result of a reshape or the like.
    private(set) var aliases: [Int]
    /// Packed weights and constants whose addresses the steps hold.
    private(set) var buffers: [Buffer] = []
    private let region: MemoryRegion?
    /// Shared with the builders of plans for other numbers of frames.
    private let packed: PackedWeights?
    /// Constants whose addresses the steps hold, beside those of the graph's values.
    private(set) var constantsInUse: [Tensor] = []

    /// - Parameter packed: the weights that are packed already.
    init(graph: consuming TypedGraph, kernels: KernelSet, limits: Limits, packed: PackedWeights? = nil) {
        self.limits = limits
        self.packed = packed
        aliases = Array(graph.values.indices)
        self.graph = graph
        self.kernels = kernels
        // These are kept; a node's weights are packed, as a rule.
        for index in self.graph.values.indices {
            guard let tensor = self.graph.values[index].constant?.tensor else { continue }
            self.graph.values[index].constant?.tensor = packed?.apart(tensor) ?? tensor.apart()
        }
        let constants = self.graph.values.compactMap(\.constant) + self.graph.nodes.flatMap(\.weights.values)
        let sizes = constants.map(\.tensor.byteCount).filter { $0 >= MemoryBlock.mappedByteCount }
        let size = sizes.reduce(0, +)
        region = packed.map { $0.region(expectedByteCount: size) } ?? MemoryRegion(expectedByteCount: size)
    }

    func type(_ value: Int) -> ValueType { graph.values[value].type }
    func shape(_ value: Int) -> Shape { graph.values[value].type.shape }

    mutating func append(_ draft: StepDraft) { drafts.append(draft) }

    mutating func addValue(named name: String, _ type: ValueType, constant: StoredTensor? = nil) -> Int {
        aliases.append(graph.values.count)
        return graph.addValue(named: name, type, constant: constant)
    }

    /// Declares that the output shares the operand's memory under another shape.
    mutating func alias(_ output: Int, to operand: Int) {
        if let constant = graph.values[operand].constant {
            graph.values[output].constant = constant
        } else {
            aliases[output] = aliases[operand]
        }
    }

    /// Allocates memory that the plan owns, filled once; steps hold its address.
    mutating func makeBuffer(byteCount: Int, fill: (UnsafeMutableRawPointer) -> Void) -> UnsafeRawPointer {
        let buffer = Buffer(byteCount: byteCount, in: region)
        fill(buffer.address)
        buffers.append(buffer)
        return UnsafeRawPointer(buffer.address)
    }

    /// Memory like that of `makeBuffer(byteCount:fill:)`, whose contents depend on these tensors and on the form alone.
    mutating func makeBuffer(
        byteCount: Int, of tensors: [Tensor], form: String, fill: (UnsafeMutableRawPointer) -> Void
    ) -> UnsafeRawPointer {
        guard let packed else { return makeBuffer(byteCount: byteCount, fill: fill) }
        let region = region
        let buffer = packed.buffer(of: tensors, form: form, byteCount: byteCount) {
            let buffer = Buffer(byteCount: byteCount, in: region)
            fill(buffer.address)
            return buffer
        }
        buffers.append(buffer)
        return UnsafeRawPointer(buffer.address)
    }

    /// The address of a constant's elements, which the plan keeps from now on.
    mutating func keep(_ tensor: Tensor) -> ConstantAddress {
        let kept = packed?.apart(tensor) ?? tensor.apart()
        constantsInUse.append(kept)
        return ConstantAddress(kept.stableBytes)
    }

    /// A required operand of a node.
    func operand(_ node: TypedGraph.Node, _ index: Int) throws(Fault) -> Int {
        guard let value = node.input(index) else {
            throw Fault(.missingField, at: node.place, "operand \(index) is absent")
        }
        return value
    }

    func output(_ node: TypedGraph.Node, _ index: Int = 0) throws(Fault) -> Int {
        guard index < node.outputs.count else {
            throw Fault(.missingField, at: node.place, "output \(index) is absent")
        }
        return node.outputs[index]
    }

    func unsupported(_ node: TypedGraph.Node, _ problem: String, found: String? = nil) -> Fault {
        Fault(.unsupportedOperation, at: node.place, problem, found: found)
    }

    /// - Throws: `elementTypeMismatch` unless the value is float32.
    func requireFloat(_ value: Int, _ node: TypedGraph.Node) throws(Fault) {
        guard type(value).elementType == .float32 else {
            throw Fault(
                .elementTypeMismatch, at: node.place, "the operation does not take elements of this type",
                found: type(value).elementType.rawValue, expected: "float32")
        }
    }
}

extension TypedGraph.Node {
    /// `node 'block/dense' (dense)`, for messages.
    var place: String { "node '\(name)' (\(operation.rawValue))" }
}
