import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerTFLiteImport
import Testing

/// Variables that a file sets once, before its first run.
@Suite struct VariableTests {
    private typealias Table = FlatBufferWriter.Table

    private static let callOnce: UInt32 = 0
    private static let handle: UInt32 = 1
    private static let read: UInt32 = 2
    private static let assign: UInt32 = 3
    private static var codes: [Table] { [129, 142, 143, 144].map { TestFile.code($0) } }

    /// A name of a variable.
    private struct Name {
        var container = ""
        var shared: String

        var options: (UInt8, Table) { (111, Table([0: .string(container), 1: .string(shared)])) }
    }

    /// Each variable is set to its place from 1 on, and read; the first subgraph calls the second `calls` times.
    private func file(_ names: [Name], calls: Int = 1) -> TestFile {
        let count = Int32(names.count)
        var file = TestFile(codes: Self.codes)
        file.buffers += names.indices.map { TestFile.buffer([Float($0 + 1)]) }
        let handles = names.indices.map { TestFile.tensor("h\($0)", [], type: 13) }
        let values = names.indices.map { TestFile.tensor("v\($0)", [1]) }
        let constants = names.indices.map { TestFile.tensor("c\($0)", [1], buffer: UInt32($0 + 1)) }
        let makeHandles = names.enumerated().map {
            TestFile.operation(Self.handle, [], [Int32($0)], options: $1.options)
        }
        let call = TestFile.operation(Self.callOnce, [], [], options: (103, Table([0: .int32(1)])))
        file.subgraphs = [
            TestFile.subgraph(
                tensors: handles + values, inputs: [], outputs: (0..<count).map { count + $0 },
                operators: Array(repeating: call, count: calls) + makeHandles
                    + (0..<count).map { TestFile.operation(Self.read, [$0], [count + $0]) }),
            TestFile.subgraph(
                "once", tensors: handles + constants, inputs: [], outputs: [],
                operators: makeHandles + (0..<count).map { TestFile.operation(Self.assign, [$0, count + $0], []) }),
        ]
        return file
    }

    /// What the outputs are, which are constants.
    private func values(_ file: TestFile) throws -> [Double] {
        let model = try TFLiteImporter.read(file.bytes, name: "m")
        let graph = model.program.graphs[0]
        return try graph.outputs.map { output in
            let node = try #require(graph.nodes.first { $0.outputs.contains(output) })
            let stored = try #require(model.program.tensors[node.weights["value"] ?? ""])
            return stored.tensor.doubles[0]
        }
    }

    @Test("a variable's container and name are two things: what is joined alike is not the same")
    func names() throws {
        let names = [
            Name(container: "a", shared: "b/c"), Name(container: "a/b", shared: "c"), Name(shared: "a/b/c"),
            Name(container: "a/b/c", shared: ""),
        ]
        #expect(try values(file(names)) == [1, 2, 3, 4])
    }

    @Test("a subgraph that many operators call once is read once: the work does not multiply")
    func calls() throws {
        // 20,000 calls of 300 variables are far more than a file of this size may be read for.
        let names = (0..<300).map { Name(shared: "variable \($0)") }
        #expect(try values(file(names, calls: 20_000)) == (1...300).map { Double($0) })
    }
}
