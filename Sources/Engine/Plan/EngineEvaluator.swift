import EmotionFormerGraph
import EmotionFormerKernels
import EmotionFormerTensors

/// Computes a node of constants by the steps that would compute it in a plan.
struct EngineEvaluator: ConstantEvaluator {
    let instructionSet: InstructionSet

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
            graph, kernels: .kernels(for: instructionSet), fuses: false, keepsEveryValue: true)
        let arena = Buffer(byteCount: compiled.arenaByteCount)
        let scratch = Buffer(byteCount: compiled.scratchByteCount)
        var fault: Int32 = 0
        return try withUnsafeMutablePointer(to: &fault) { fault throws(Fault) in
            let execution = Execution(arena: arena.address, scratch: scratch.address, fault: fault)
            compiled.run(execution)
            guard fault.pointee == 0 else {
                throw Fault(.outOfBounds, at: "", "an index lies outside the table it points into")
            }
            return zip(compiled.outputs, outputTypes).map { operand, type in
                Tensor(type.elementType, type.shape) {
                    $0.copyMemory(
                        from: UnsafeRawBufferPointer(start: operand.bytes(execution), count: $0.count))
                }
            }
        }
    }
}
