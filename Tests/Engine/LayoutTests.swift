import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernels
import Testing

@testable import EmotionFormerEngine

@Suite("Where values lie")
struct LayoutTests {
    /// `depth` times x ← relu(dense(x)), then the mean over time; 12 rows of 16.
    private func chain(depth: Int) throws -> TypedGraph {
        var graph = TypedGraph(name: "chain")
        let type = ValueType(.float32, try Shape([1, 12, 16]))
        var value = graph.addValue(named: "input", type)
        graph.inputs = [value]
        for layer in 0..<depth {
            let kernel = try Tensor(
                (0..<256).map { Float(($0 * 37 + layer * 11) % 19 - 9) / 32 }, shape: Shape([16, 16]))
            let next = graph.addValue(named: "layer\(layer)", type)
            graph.nodes.append(
                TypedGraph.Node(
                    .dense, name: "layer\(layer)", inputs: [value], outputs: [next],
                    attributes: ["activation": .text("relu"), "kernelLayout": .text("inputOutput")],
                    weights: ["kernel": StoredTensor(kernel)]))
            value = next
        }
        graph.outputs = [value]
        return graph
    }

    private func run(_ graph: TypedGraph, _ options: PlanOptions) throws -> (output: [Float], arena: Int) {
        let plan = try Plan(graph, options: options)
        let session = Session(plan)
        let input = session.input(0).bindMemory(to: Float.self)
        for index in input.indices { input[index] = Float(index % 23) / 7 - 1 }
        try session.run()
        return (Array(session.output(0).bindMemory(to: Float.self)), plan.memory.arena)
    }

    @Test("Values that live one after the other take turns, with the same result as in places of their own")
    func turns() throws {
        for level in InstructionSet.available {
            let short = try run(chain(depth: 4), PlanOptions(instructionSet: level))
            let long = try run(chain(depth: 40), PlanOptions(instructionSet: level))
            #expect(long.arena == short.arena, "\(level)")
            let apart = try run(chain(depth: 40), PlanOptions(instructionSet: level, keepsEveryValue: true))
            #expect(apart.arena > 8 * long.arena)
            #expect(apart.output == long.output)
            for threads in 2...3 {
                let split = try run(chain(depth: 40), PlanOptions(instructionSet: level, threads: threads))
                #expect(split.output == long.output, "\(level), \(threads) threads")
            }
        }
    }
}
