import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerTFLiteImport
import Testing

/// A constant that a loop or branch is given is a constant inside, as long as nothing changes it.
@Suite struct HandedConstantTests {
    private typealias Table = FlatBufferWriter.Table

    /// What a loop's body makes of the axis that it is given.
    private enum Ending { case handedOn, increased, exchanged }

    private func read(_ file: TestFile) throws(Fault) -> [Graph] {
        try TFLiteImporter.read(file.bytes, name: "m").program.graphs
    }

    private func fault(_ file: TestFile) -> Fault? {
        do throws(Fault) {
            _ = try read(file)
            return nil
        } catch {
            return error
        }
    }

    /// The axis that the body's SPLIT was read with.
    private func axis(_ file: TestFile) throws -> Int? {
        let split = try read(file).lazy.flatMap(\.nodes).first { $0.operation == .split }
        guard case .integer(let axis)? = split?.attributes["axis"] else { return nil }
        return axis
    }

    private let codes = [
        // WHILE, LESS, ADD, SPLIT, IF
        TestFile.code(119), TestFile.code(58), TestFile.code(0), TestFile.code(49), TestFile.code(118),
    ]

    /// WHILE over (step, value, axis, other), once or twice; the body splits the value along the axis.
    /// - Parameters:
    ///   - axes: what each loop is given; nil is an input of the model.
    private func loops(_ ending: Ending = .handedOn, axes: [Int32?] = [1]) -> TestFile {
        func tensors(_ prefix: String) -> [Table] {
            [
                TestFile.tensor("\(prefix)step", [], type: 2), TestFile.tensor("\(prefix)value", [2, 2]),
                TestFile.tensor("\(prefix)axis", [], type: 2), TestFile.tensor("\(prefix)other", [], type: 2),
            ]
        }
        let condition = TestFile.subgraph(
            "condition", tensors: tensors("") + [TestFile.tensor("less", [], type: 6)], inputs: [0, 1, 2, 3],
            outputs: [4], operators: [TestFile.operation(1, [0, 3], [4])])
        let ended: Int32 = [.handedOn: 2, .increased: 8, .exchanged: 3][ending] ?? 2
        let body = TestFile.subgraph(
            "body",
            tensors: tensors("") + [
                TestFile.tensor("first", [2, 1]), TestFile.tensor("second", [2, 1]), TestFile.tensor("sum", [2, 2]),
                TestFile.tensor("next", [], type: 2), TestFile.tensor("increased", [], type: 2),
            ], inputs: [0, 1, 2, 3], outputs: [7, 6, ended, ending == .exchanged ? 2 : 3],
            operators: [
                TestFile.operation(3, [2, 1], [4, 5]), TestFile.operation(2, [4, 1], [6]),
                TestFile.operation(2, [0, 3], [7]), TestFile.operation(2, [2, 3], [8]),
            ])
        let options = (UInt8(93), Table([0: .int32(1), 1: .int32(2)]))
        var main = [TestFile.tensor("x", [2, 2]), TestFile.tensor("one", [], type: 2, buffer: 1)]
        var buffers = [Table(), TestFile.buffer([1 as Int32])]
        var (inputs, outputs, operators) = ([0 as Int32], [Int32](), [Table]())
        for axis in axes {
            let given = Int32(main.count)
            main.append(
                TestFile.tensor(
                    "axis\(given)", [], type: 2, buffer: axis == nil ? 0 : UInt32(buffers.count)))
            if let axis { buffers.append(TestFile.buffer([axis])) } else { inputs.append(given) }
            main += tensors("result\(given)/")
            operators.append(
                TestFile.operation(0, [1, 0, given, 1], (1...4).map { given + $0 }, options: options))
            outputs.append(given + 2)
        }
        return TestFile(
            codes: codes,
            subgraphs: [
                TestFile.subgraph(tensors: main, inputs: inputs, outputs: outputs, operators: operators), condition,
                body,
            ], buffers: buffers)
    }

    @Test(
        "the axis of a loop that hands it on is known; of one that changes it, it is not", arguments: [0, 1] as [Int32])
    func loop(_ given: Int32) throws {
        #expect(try axis(loops(axes: [given])) == Int(given))
        for ending in [Ending.increased, .exchanged] {
            let found = try #require(fault(loops(ending, axes: [given])))
            #expect(found.code == .unsupportedOperation && found.description.contains("SPLIT"))
            #expect(found.description.contains("its axis at run time"))
        }
    }

    @Test("an axis that is the model's input is not known")
    func input() { #expect(fault(loops(axes: [nil]))?.code == .unsupportedOperation) }

    @Test("two loops with one body: the axis is known if both give the same")
    func shared() throws {
        #expect(try axis(loops(axes: [1, 1])) == 1)
        #expect(fault(loops(axes: [1, 0]))?.code == .unsupportedOperation)
        #expect(fault(loops(axes: [0, 1]))?.code == .unsupportedOperation)
        #expect(fault(loops(axes: [1, nil]))?.code == .unsupportedOperation)
        #expect(fault(loops(axes: [nil, 1, 1]))?.code == .unsupportedOperation)
    }

    @Test("what a loop hands on is known behind it, and in a branch", arguments: [Ending.handedOn, .increased])
    private func behind(_ ending: Ending) throws {
        var file = loops(ending, axes: [1])
        // The loop's body computes no split here, so that only what follows needs the axis.
        file.subgraphs[2].fields[3] = .tables([
            TestFile.operation(2, [1, 1], [6]), TestFile.operation(2, [0, 3], [7]), TestFile.operation(2, [2, 3], [8]),
        ])
        let branch = TestFile.subgraph(
            "branch",
            tensors: [
                TestFile.tensor("axis", [], type: 2), TestFile.tensor("value", [2, 2]),
                TestFile.tensor("first", [2, 1]), TestFile.tensor("second", [2, 1]),
            ], inputs: [0, 1], outputs: [2], operators: [TestFile.operation(3, [0, 1], [2, 3])])
        file.subgraphs.append(branch)
        file.subgraphs[0] = TestFile.subgraph(
            tensors: [
                TestFile.tensor("x", [2, 2]), TestFile.tensor("one", [], type: 2, buffer: 1),
                TestFile.tensor("axis", [], type: 2, buffer: 2), TestFile.tensor("step1", [], type: 2),
                TestFile.tensor("value1", [2, 2]), TestFile.tensor("axis1", [], type: 2),
                TestFile.tensor("other1", [], type: 2), TestFile.tensor("flag", [], type: 6),
                TestFile.tensor("chosen", [2, 1]),
            ], inputs: [0, 7], outputs: [8],
            operators: [
                TestFile.operation(
                    0, [1, 0, 2, 1], [3, 4, 5, 6], options: (93, Table([0: .int32(1), 1: .int32(2)]))),
                TestFile.operation(4, [7, 5, 4], [8], options: (92, Table([0: .int32(3), 1: .int32(3)]))),
            ])
        if ending == .handedOn {
            #expect(try axis(file) == 1)
        } else {
            #expect(fault(file)?.code == .unsupportedOperation)
        }
    }
}
