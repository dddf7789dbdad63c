import EmotionFormerGraph
import Foundation
import Testing

@Suite struct OperationTableTests {
    @Test("every operation has exactly one row, in which no role or attribute stands twice")
    func rows() {
        #expect(OperationTable.all.count == Operation.allCases.count)
        #expect(Set(OperationTable.all.map(\.operation)) == Set(Operation.allCases))
        for operation in Operation.allCases {
            #expect(operation.specification.operation == operation)
        }
        for row in OperationTable.all {
            for names in [
                row.inputs.map(\.name), row.outputs.map(\.name), row.weights.map(\.name), row.attributes.map(\.name),
            ] {
                #expect(Set(names).count == names.count, "\(row.operation)")
            }
        }
    }

    @Test(
        "the committed JSON that the tools in Python read, and the article, are this table",
        arguments: ["Tools/emotionformer/operations.json", "Sources/EmotionFormer/EmotionFormer.docc/Operations.md"])
    func committedRendering(path: String) throws {
        let rendering = path.hasSuffix(".json") ? OperationTable.json : OperationTable.article
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../\(path)").standardizedFileURL
        if ProcessInfo.processInfo.environment["EMOTIONFORMER_UPDATE_RENDERINGS"] == "1" {
            try rendering.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == rendering)
    }
}
