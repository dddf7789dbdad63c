import EmotionFormerCore
import EmotionFormerFixtures
import EmotionFormerGraph
import EmotionFormerReference
import EmotionFormerTFLiteImport
import Testing

/// Tensor lists of TensorFlow's own operators, as plain tensors.
@Suite struct TensorListTests {
    private let rows: [Float] = [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]

    /// The stacked lists of the first and the second loop.
    private func run(_ program: Program, count: Int32? = nil, simplified: Bool = false) throws -> [[Double]] {
        let executor = ReferenceExecutor()
        var inputs = [try Tensor(rows, shape: Shape([1, 4, 2]))]
        if let count { inputs.append(Tensor(scalar: count)) }
        var graph = try program.typed(inputShapes: inputs.map(\.shape), evaluator: executor)
        if simplified { graph = try graph.simplified() }
        return try executor.run(graph, inputs: try inputs.map { try ReferenceValue(StoredTensor($0)) }).outputs
            .map(\.elements)
    }

    private func program(_ file: TensorListFile) throws -> Program {
        try TFLiteImporter.read(file.file.bytes, name: "m").program
    }

    private func fault(_ file: TensorListFile) -> Fault? { fault(file.file.bytes) }

    private func fault(_ bytes: [UInt8]) -> Fault? {
        do throws(Fault) {
            _ = try TFLiteImporter.read(bytes, name: "m")
            return nil
        } catch {
            #expect(!error.description.contains("\n"))
            return error
        }
    }

    /// The fault of a file that is read and does not run, as it is and simplified.
    private func runFault(_ file: TensorListFile, count: Int32? = nil) throws -> Fault? {
        var found: Fault?
        for simplified in [false, true] {
            do {
                _ = try run(try program(file), count: count, simplified: simplified)
                return nil
            } catch let fault as Fault {
                found = fault
            }
        }
        return found
    }

    // MARK: Values

    @Test("one reserved list feeds two loops: neither sees what the other writes, and a row never set is zero")
    func value() throws {
        let program = try program(TensorListFile())
        for simplified in [false, true] {
            let lists = try run(program, simplified: simplified)
            #expect(lists == [rows.map(Double.init), [-0.5, -1, -1.5, -2, 0, 0, 0, 0]])
        }
    }

    @Test("the control: with the first loop's list handed to the second, as if changed in place, its rows show")
    func inPlace() throws {
        var program = try program(TensorListFile())
        let loops = program.graphs[0].nodes.indices.filter { program.graphs[0].nodes[$0].operation == .while }
        try #require(loops.count == 2)
        program.graphs[0].nodes[loops[1]].inputs[1] = program.graphs[0].nodes[loops[0]].outputs[1]
        #expect(try run(program)[1] == [-0.5, -1, -1.5, -2, 2.5, 3, 3.5, 4])
    }

    @Test("n is what reserves the list: not what the file says of shapes, and not where it is stacked")
    func count() throws {
        var file = TensorListFile()
        file.count = 6
        #expect(
            try run(program(file)) == [
                rows.map(Double.init) + [0, 0, 0, 0], [-0.5, -1, -1.5, -2] + Array(repeating: 0, count: 8),
            ])
        file.stated = 6
        #expect(try run(program(file))[0].count == 12)
        file.stated = 4
        let found = fault(file)
        #expect(found?.code == .shapeMismatch)
        #expect(found?.description.contains("found a list of 6, expected 4") == true)
    }

    @Test("n that is computed is found with the shapes, and refused where it is an input")
    func openCount() throws {
        var file = TensorListFile()
        file.countIsComputed = true
        for simplified in [false, true] {
            let lists = try run(program(file), simplified: simplified)
            #expect(lists == [rows.map(Double.init), [-0.5, -1, -1.5, -2, 0, 0, 0, 0]])
        }
        // What stacks the list must agree, and a place must be inside.
        file.stated = 5
        #expect(try runFault(file) != nil)
        file.stated = 4
        #expect(try runFault(file) == nil)
        file.place = 4
        #expect(try runFault(file)?.code == .outOfBounds)
        file = TensorListFile()
        file.countIsInput = true
        _ = try program(file)
        #expect(try runFault(file, count: 4)?.problem.contains("known before the model runs") == true)
    }

    @Test("a list that is made of a tensor, and read item by item, holds the tensor's rows")
    func fromTensor() throws {
        var file = TensorListFile()
        file.isFromTensor = true
        for simplified in [false, true] {
            let lists = try run(program(file), simplified: simplified)
            #expect(lists == [rows.map(Double.init), [-0.5, -1, -1.5, -2, 2.5, 3, 3.5, 4]])
        }
        file.elementShape = [-1, 3]
        #expect(try runFault(file) != nil)
    }

    @Test("an index outside is refused: as the loop runs, or at import where it is a constant")
    func index() throws {
        var file = TensorListFile()
        file.count = 3
        #expect(try runFault(file)?.code == .outOfBounds)
        file.count = 4
        for place: Int32 in [-1, 4, .max, .min] {
            file.place = place
            #expect(fault(file)?.code == .outOfBounds)
        }
        file.place = 3
        #expect(try run(program(file))[1] == [0, 0, 0, 0, 0, 0, -1.5, -2])
    }

    @Test("a list of one element that each round writes is the last item")
    func last() throws {
        var file = TensorListFile()
        file.place = 0
        for simplified in [false, true] {
            #expect(try run(program(file), simplified: simplified)[1] == [-1.5, -2, 0, 0, 0, 0, 0, 0])
        }
    }

    @Test("the batch that an element's shape leaves open is the model's; more may not be open")
    func element() {
        var file = TensorListFile()
        #expect(fault(file) == nil)
        file.elementShape = [1, 2]
        #expect(fault(file) == nil)
        for shape: [Int32] in [[-1, -1], [1, -1], [-2, 2]] {
            file.elementShape = shape
            #expect(fault(file)?.code == .unsupportedOperation)
            #expect(fault(file)?.problem.contains("Tools/export") == true)
        }
        for shape: [Int32] in [[-1, 0], [0, 2], [0]] {
            file.elementShape = shape
            #expect(fault(file)?.code == .unsupportedOperation)
            #expect(fault(file)?.problem.contains("empty") == true)
        }
    }

    @Test("items of another size than the list's elements are refused")
    func item() throws {
        var file = TensorListFile()
        file.elementShape = [-1, 3]
        #expect(try runFault(file)?.code != nil)
        file.elementShape = [-1, 1]
        #expect(try runFault(file)?.code != nil)
    }

    @Test("an item of another shape than the list's elements is refused, also with as many numbers")
    func itemShape() {
        for shape: [Int32] in [[2, 1], [2], [1, 1, 2], [1, 3]] {
            var file = TensorListFile()
            file.itemShape = shape
            let found = fault(file)
            #expect(found?.code == .malformedTFLite)
            #expect(found?.found == "\(shape)" && found?.expected == "[1, 2]")
        }
        // What the signature leaves open, and a shape that is not known, are the converter's guess.
        var file = TensorListFile()
        file.itemShape = [7, 2]
        file.itemSignature = [-1, 2]
        #expect(fault(file) == nil)
        file.itemShape = []
        file.itemSignature = nil
        #expect(fault(file) == nil)
    }

    @Test("an index that is no scalar is refused, where an item is set and where one is read")
    func indexShape() {
        for isFromTensor in [false, true] {
            for place: Int32? in [nil, 1] {
                var file = TensorListFile()
                file.isFromTensor = isFromTensor
                file.place = place
                file.indexShape = [1]
                let found = fault(file)
                #expect(found?.code == .malformedTFLite)
                #expect(found?.found == "[1]" && found?.expected == "[]")
                #expect(found?.place.contains(isFromTensor ? "GetItem" : "SetItem") == true)
            }
        }
    }

    // MARK: Files that lie

    @Test("n is bounded: by a value's bytes, and below by 0")
    func hugeCount() {
        var file = TensorListFile()
        for count: Int32 in [.max, 1 << 26] {
            file.count = count
            #expect(fault(file)?.code == .limitExceeded)
        }
        for count: Int32 in [-1, .min] {
            file.count = count
            #expect(fault(file)?.code == .invalidValue)
        }
        file.count = 4
        file.elementShape = Array(repeating: .max, count: 4)
        #expect(fault(file) != nil)
        file.elementShape = Array(repeating: 1, count: 8)
        #expect(fault(file)?.code == .limitExceeded)
    }

    @Test("elements of another type, lists that grow, and attributes that are not known are refused by name")
    func attributes() {
        var file = TensorListFile()
        for type: UInt64 in [0, 2, 3, 19, .max] {
            file.reserve.attributes = [("element_dtype", .type(type))]
            let found = fault(file)
            #expect(found?.code == .unsupportedOperation)
            #expect(found?.problem.contains("float32") == true)
        }
        file.reserve.attributes = []
        #expect(fault(file)?.code == .missingField)
        file.reserve.attributes = [("element_dtype", .type(1)), ("_note", .integer(1))]
        #expect(fault(file) == nil)
        file.reserve.attributes = [("element_dtype", .type(1)), ("speed", .integer(1))]
        #expect(fault(file)?.found == "'speed'")
        file = TensorListFile()
        file.setItem.attributes[1] = ("resize_if_index_out_of_bounds", .boolean(true))
        #expect(fault(file)?.problem.contains("longer") == true)
    }

    @Test("an attribute with another kind of value is refused, not taken for one that is absent")
    func attributeKinds() {
        var type = TensorListFile()
        type.reserve.attributes = [("element_dtype", .integer(1))]
        var growth = TensorListFile()
        growth.setItem.attributes[1] = ("resize_if_index_out_of_bounds", .integer(1))
        var count = TensorListFile()
        count.statedAttribute = .boolean(true)
        for file in [type, growth, count] {
            let found = fault(file)
            #expect(found?.code == .malformedTFLite)
            #expect(found?.problem.contains("another kind of value") == true)
        }
    }

    @Test("options of another operator, and none, are refused")
    func otherOptions() {
        var file = TensorListFile()
        file.reserve.operation = "TensorListStack"
        #expect(fault(file)?.code == .malformedTFLite)
        file.reserve = FlexOptions("TensorListStack")
        #expect(fault(file)?.code == .malformedTFLite)
        file.reserveBytes = []
        #expect(fault(file)?.code == .missingField)
    }

    @Test(
        "options of every width of a FlexBuffer are read; damaged at any byte they are refused or read, never trusted")
    func damage() {
        let good = FlexOptions("TensorListReserve", [("element_dtype", .type(1)), ("shape_type", .type(3))])
        let strings = [Array("TensorListReserve".utf8), good.node]
        var file = TensorListFile()
        for width in [1, 2, 4, 8] {
            let bytes = FlexOptions.flexBuffer(strings, width: width)
            file.reserveBytes = bytes
            #expect(fault(file) == nil, "\(width)")
            for length in bytes.indices {
                file.reserveBytes = Array(bytes.prefix(length))
                #expect(fault(file) != nil, "\(width): \(length)")
            }
            for index in bytes.indices {
                for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
                    var damaged = bytes
                    damaged[index] = value
                    file.reserveBytes = damaged
                    _ = fault(file)
                }
            }
        }
        for bytes in [
            FlexOptions.flexBuffer([strings[0]]), FlexOptions.flexBuffer(strings + [strings[0]]),
            FlexOptions.flexBuffer([strings[0], [0x2A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]]),
            FlexOptions.flexBuffer([strings[0], Array(repeating: 0xFF, count: 20)]),
            FlexOptions.flexBuffer([strings[0], [0x0B]]),
        ] {
            file.reserveBytes = bytes
            #expect(fault(file)?.code == .malformedTFLite)
        }
    }

    @Test("a list that the model gives out, and one that another operator takes, are refused")
    func misuse() {
        var file = TensorListFile().file
        file.subgraphs[0].fields[2] = .int32s([6])
        #expect(fault(file.bytes)?.code == .unsupportedOperation)
        file = TensorListFile().file
        file.subgraphs[0].fields[2] = .int32s([9])
        #expect(fault(file.bytes)?.problem.contains("output") == true)
        // The first loop's body hands on its steps where its list should be.
        file = TensorListFile().file
        file.subgraphs[2].fields[2] = .int32s([4, 2, 2])
        #expect(fault(file.bytes)?.code == .elementTypeMismatch)
        file = TensorListFile().file
        file.codes[5] = TestFile.code(101)
        #expect(fault(file.bytes) != nil)
    }

    @Test("an operator of TensorFlow's own that is none of lists is refused by name, with what to do")
    func others() {
        var file = TensorListFile()
        file.reserveName = "FlexTensorListResize"
        let found = fault(file)
        #expect(found?.code == .unsupportedOperation)
        #expect(found?.found == "CUSTOM FlexTensorListResize")
        #expect(found?.problem.contains("SELECT_TF_OPS") == true)
        #expect(found?.problem.contains("Tools/export") == true)
    }

    // MARK: Files of TensorFlow's converter

    static let fixtures = Fixture.names.filter { $0.hasPrefix("lists_") }

    @Test("a loop over a list of float weights becomes one layer, as without lists", arguments: fixtures)
    func raised(_ name: String) throws {
        let model = try Fixture.model(name)
        let shape = try #require(try Fixture.runs(name).first).inputs[0].shape
        let graph = try model.program.typed(inputShapes: [shape], evaluator: ReferenceExecutor()).simplified()
        let operations = graph.nodes.map(\.operation)
        let loops = name.contains("last") ? 1 : 3
        let layer: EmotionFormerGraph.Operation = name.contains("gru") ? .gru : .lstm
        #expect(operations.filter { $0 == layer || $0 == .while }.count == loops)
        // Loops with int8 weights stay loops: a layer would quantize by another rule.
        #expect(operations.contains(.while) == name.hasSuffix("int8"))
        #expect(!operations.contains(.updateSlice))
    }

    @Test("the control: a place in the list, and a row of the steps, off by one are refused", arguments: fixtures)
    func offByOne(_ name: String) throws {
        let run = try #require(try Fixture.runs(name).first)
        func output(_ program: Program) throws -> [Double] {
            let executor = ReferenceExecutor()
            let graph = try program.typed(inputShapes: run.inputs.map(\.shape), evaluator: executor)
            return try executor.run(graph, inputs: try run.inputs.map { try ReferenceValue(StoredTensor($0)) }).outputs[
                0
            ].elements
        }
        let program = try Fixture.model(name).program
        for isPlace in [true, false] {
            var damaged = program
            var changed = 0
            for graph in damaged.graphs.indices.dropFirst() {
                let nodes = damaged.graphs[graph].nodes
                for (index, node) in nodes.enumerated() where node.operation == .gather {
                    // The place in a list is looked up in a range, the row in the steps.
                    let isLookup = nodes.contains { $0.operation == .range && $0.outputs[0] == node.inputs[0] }
                    guard isLookup == isPlace, let counter = node.inputs[1],
                        let next = nodes.first(where: { $0.operation == .add && $0.inputs.contains(counter) })
                    else { continue }
                    damaged.graphs[graph].nodes.remove(at: index)
                    damaged.graphs[graph].nodes.append(node)
                    damaged.graphs[graph].nodes[nodes.count - 1].inputs[1] = next.outputs[0]
                    // Back in order: the changed node comes after the sum, before its users.
                    damaged.graphs[graph].nodes = ordered(damaged.graphs[graph])
                    changed += 1
                }
            }
            if isPlace && name.contains("last") { continue }
            #expect(changed > 0)
            #expect(throws: Fault.self) { try output(damaged) }
        }
    }

    /// The graph's nodes, each after those that make its operands.
    private func ordered(_ graph: Graph) -> [Node] {
        var known = Set(graph.inputs.map(\.name))
        var (result, rest): ([Node], [Node]) = ([], graph.nodes)
        while let index = rest.firstIndex(where: { $0.inputs.compactMap { $0 }.allSatisfy(known.contains) }) {
            known.formUnion(rest[index].outputs)
            result.append(rest.remove(at: index))
        }
        return result
    }
}
