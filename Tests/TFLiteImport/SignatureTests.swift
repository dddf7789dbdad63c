import EmotionFormerCore
import EmotionFormerTFLiteImport
import Testing

/// Which entry point of a file is read.
@Suite struct SignatureTests {
    private typealias Table = FlatBufferWriter.Table

    private struct Entry {
        var key: String
        var subgraph: UInt32
        var input = "x"
        var output = "y"
    }

    /// Subgraphs 0 and 1: an absolute value of two numbers, and of three.
    private func file(_ entries: [Entry]) -> TestFile {
        func subgraph(_ name: String, _ count: Int32) -> Table {
            TestFile.subgraph(
                name,
                tensors: [TestFile.tensor("\(name)/in", [1, count]), TestFile.tensor("\(name)/out", [1, count])],
                inputs: [0], outputs: [1], operators: [TestFile.operation(0, [0], [1])])
        }
        func end(_ name: String, _ tensor: UInt32) -> Table { Table([0: .string(name), 1: .uint32(tensor)]) }
        var file = TestFile(codes: [TestFile.code(101)], subgraphs: [subgraph("two", 2), subgraph("three", 3)])
        file.signatures = entries.map { entry in
            Table([
                0: .tables([end(entry.input, 0)]), 1: .tables([end(entry.output, 1)]), 2: .string(entry.key),
                4: .uint32(entry.subgraph),
            ])
        }
        return file
    }

    /// What is read: the number of features, the names of the input and the output; or why nothing is.
    private func found(_ entries: [Entry], _ name: String? = nil) -> String {
        do throws(Fault) {
            let model = try TFLiteImporter.read(file(entries).bytes, name: "m", signature: name)
            let count = model.program.graphs[0].inputs[0].extents[1] ?? 0
            let names = (model.signatureInputs + model.signatureOutputs).map(\.name)
            return (["\(count)"] + names).joined(separator: " ")
        } catch {
            return error.description
        }
    }

    @Test("a name chooses: the subgraph, and the names of its inputs and outputs")
    func named() {
        let entries = [
            Entry(key: "two", subgraph: 0), Entry(key: "three", subgraph: 1, input: "a", output: "b"),
            Entry(key: "again", subgraph: 1, input: "c", output: "d"),
        ]
        #expect(found(entries, "two") == "2 x y")
        #expect(found(entries, "three") == "3 a b")
        #expect(found(entries, "again") == "3 c d")
        #expect(
            found(entries, "four")
                == "m: signature: the file has no signature of this name (found 'four', expected 'two', 'three', 'again')"
        )
        #expect(
            found([], "two")
                == "m: signature: the file has no signature of this name (found 'two', expected no name, because the file "
                + "has no signatures)")
        #expect(
            found([entries[0], entries[0]], "two").hasPrefix("m: signature: several signatures have this name"))
    }

    @Test("without a name it is what the file can only mean; otherwise the names are listed")
    func certain() {
        #expect(found([]) == "2")
        #expect(found([Entry(key: "three", subgraph: 1, input: "a", output: "b")]) == "3 a b")
        // Two names of one entry point, and TensorFlow's name on the subgraph that LiteRT invokes.
        #expect(found([Entry(key: "a", subgraph: 1), Entry(key: "b", subgraph: 1)]) == "3 x y")
        let served = Entry(key: "serving_default", subgraph: 0, input: "s")
        #expect(found([Entry(key: "a", subgraph: 1), served]) == "2 s y")
        let refused =
            "m: signature: the file has several entry points, and which is meant is not certain: choose one by "
        for entries in [
            [Entry(key: "a", subgraph: 0), Entry(key: "b", subgraph: 1)],
            // One subgraph under two sets of names.
            [Entry(key: "a", subgraph: 0), Entry(key: "b", subgraph: 0, input: "z")],
            [Entry(key: "a", subgraph: 0), Entry(key: "b", subgraph: 0, output: "z")],
            // invoke() runs another one.
            [Entry(key: "a", subgraph: 0), Entry(key: "serving_default", subgraph: 1)],
            [served, served, Entry(key: "a", subgraph: 1)],
        ] {
            #expect(found(entries).hasPrefix(refused))
            #expect(found(entries).hasSuffix("(found \(entries.map { "'\($0.key)'" }.joined(separator: ", ")))"))
        }
    }

    @Test("a file of many signatures with long names gives a short line")
    func short() {
        let entries = (0..<500).map {
            Entry(key: "\($0)" + String(repeating: "n", count: 5000), subgraph: UInt32($0 % 2))
        }
        #expect(found(entries).count < 5000)
    }

    @Test("the main subgraph runs no other entry point, and what others need is not asked for")
    func others() throws {
        // The first subgraph holds an operator that is not supported.
        var file = file([Entry(key: "two", subgraph: 0), Entry(key: "three", subgraph: 1)])
        file.codes.append(TestFile.code(136))
        file.subgraphs[0] = TestFile.subgraph(
            "two", tensors: [TestFile.tensor("in", [1, 2]), TestFile.tensor("out", [1, 2])], inputs: [0], outputs: [1],
            operators: [TestFile.operation(1, [0], [1])])
        let model = try TFLiteImporter.read(file.bytes, name: "m", signature: "three")
        #expect(model.subgraphs.map(\.index) == [1])
        #expect(model.signature == "three" && model.signatures.map(\.name) == ["two", "three"])
        #expect(throws: Fault.self) { try TFLiteImporter.read(file.bytes, name: "m", signature: "two") }
    }
}
