import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerFixtures
import EmotionFormerGraph
import EmotionFormerKernels
import EmotionFormerReference
import EmotionFormerTFLiteImport
import Testing

/// What the comparisons of `IntegerParityTests` cover.
@Suite struct IntegerCoverageTests {
    /// A node whose result a file gives.
    private struct Place: Sendable {
        let file: String
        let node: Int
        let output: Int
    }

    private static func model(_ name: String) throws -> (model: ImportedModel, run: Fixture.Run) {
        let run = try #require(try Fixture.runs(name).first)
        return (try Fixture.model(name), run)
    }

    /// The kernels of the files, each with the places where its result is an output.
    private static func found() throws -> [IntegerKernel: [Place]] {
        var result: [IntegerKernel: [Place]] = [:]
        for name in IntegerParityTests.files {
            let (model, run) = try model(name)
            let graph = try model.program.typed(
                inputShapes: run.inputs.map(\.shape), evaluator: ReferenceExecutor())
            let nodes = model.program.graphs[0].nodes
            for node in graph.nodes {
                guard let kernel = IntegerKernel(node, in: graph) else { continue }
                result[kernel, default: []] += []
                guard let output = graph.outputs.firstIndex(of: node.outputs[0]),
                    let index = nodes.firstIndex(where: { $0.name == node.name }),
                    node.operation == .quantize
                        || model.program.graphs[0].quantizations[nodes[index].inputs[0] ?? ""] != nil
                else { continue }
                result[kernel]?.append(Place(file: name, node: index, output: output))
            }
        }
        return result
    }

    @Test("every operation, kind, rule and type that is not refused is in a file, and the other way round")
    func coverage() throws {
        let found = Set(try Self.found().keys.filter { $0.operation != "quantize" })
        let accepted = IntegerKernel.accepted()
        #expect(accepted.count > 80)
        #expect(accepted.subtracting(found).sorted() == [])
        #expect(found.subtracting(accepted).sorted().filter { $0.operation != "integerLSTM" } == [])
        #expect(Set(found.map(\.operation)).isSuperset(of: OperationFamily.Integer.allCases.map(\.rawValue)))
    }
}
