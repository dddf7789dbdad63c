import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernels

/// Computes nodes of constants with the steps of a plan.
final class EngineEvaluator: ConstantEvaluator {
    private let instructionSet: InstructionSet
    private let limits: Limits
    /// The remaining budget of elementary operations: all nodes together have the limit of one prediction.
    private var operations: Int

    init(instructionSet: InstructionSet, limits: Limits) {
        self.instructionSet = instructionSet
        self.limits = limits
        operations = limits.operations
    }

    func evaluate(
        _ node: TypedGraph.Node, inputs: [StoredTensor?], outputTypes: [ValueType]
    ) throws(Fault) -> [Tensor] {
        var graph = TypedGraph(name: "constant")
        var node = node
        node.inputs = inputs.map { input in
            input.map {
                graph.addValue(
                    named: "operand", ValueType($0.tensor.elementType, $0.tensor.shape), constant: $0)
            }
        }
        node.outputs = outputTypes.map { graph.addValue(named: "result", $0) }
        graph.nodes = [node]
        graph.outputs = node.outputs
        let compiled = try CompiledGraph(
            graph, kernels: .kernels(for: instructionSet), fuses: false, keepsEveryValue: true, limits: limits)
        let arena = Buffer(byteCount: compiled.arenaByteCount)
        let scratch = Buffer(byteCount: compiled.scratchByteCount)
        let fault = FaultWord()
        defer { fault.deallocate() }
        var operations = self.operations - compiled.operations
        guard operations >= 0 else { throw tooManyOperations }
        defer { self.operations = operations }
        return try withUnsafeMutablePointer(to: &operations) { operations throws(Fault) in
            let execution = Execution(
                arena: arena.address, scratch: scratch.address, fault: fault, operations: operations)
            compiled.run(execution)
            switch fault.fault {
            case nil: break
            case .indexOutside:
                throw Fault(.outOfBounds, at: "", "an index lies outside the table it points into")
            case .tooManyOperations: throw tooManyOperations
            }
            return zip(compiled.outputs, outputTypes).map { operand, type in
                Tensor(type.elementType, type.shape) {
                    $0.copyMemory(from: UnsafeRawBufferPointer(start: operand.bytes(execution), count: $0.count))
                }
            }
        }
    }

    private var tooManyOperations: Fault {
        limits.exceeded(.operations, "computing the model's constants takes too much work")
    }
}
