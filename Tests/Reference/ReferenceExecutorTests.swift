import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerReference
import Testing

@Suite struct ReferenceExecutorTests {
    private func value(_ elements: [Double], _ elementType: ElementType = .float32) throws -> ReferenceValue {
        try ReferenceValue(ValueType(elementType, Shape([elements.count])), elements)
    }

    /// The outputs of one node, or its fault.
    private func run(
        _ operation: EmotionFormerGraph.Operation, _ operands: [ReferenceValue], _ attributes: Attributes = [:],
        executor: ReferenceExecutor = ReferenceExecutor()
    ) throws -> [Double] {
        let graph = Graph(
            name: "main",
            inputs: operands.enumerated().map {
                GraphInput(name: "\($0)", elementType: $1.type.elementType, extents: $1.type.shape.extents)
            }, outputs: ["y"],
            nodes: [
                Node(
                    operation, name: "node", inputs: operands.indices.map { "\($0)" }, outputs: ["y"],
                    attributes: attributes)
            ])
        let typed = try Program(graphs: [graph], tensors: [:]).validated()
            .typed(inputShapes: operands.map(\.type.shape), evaluator: executor)
        return try executor.run(typed, inputs: operands).outputs[0].elements
    }

    private func code(_ body: () throws -> some Any) -> Fault.Code? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? Fault)?.code
        }
    }

    @Test("an index outside is a fault that names the node")
    func indices() throws {
        let table = try value([1, 2, 3])
        #expect(try run(.gather, [table, value([2, 0], .int32)]) == [3, 1])
        for index in [-1.0, 3] {
            #expect(code { try run(.gather, [table, value([index], .int32)]) } == .outOfBounds)
        }
        #expect(
            code { try run(.slice, [table, value([2], .int32)], ["size": .integers([2])]) } == .outOfBounds)
    }

    @Test("integers: division truncates, by zero is a fault; sums wrap; a negative power is a fault")
    func integers() throws {
        let numbers = try value([-7, 7], .int32)
        #expect(try run(.divide, [numbers, value([2, -2], .int32)]) == [-3, -3])
        for operation in [EmotionFormerGraph.Operation.divide, .floorDivide, .floorModulo] {
            #expect(code { try run(operation, [numbers, value([1, 0], .int32)]) } == .invalidValue)
        }
        #expect(code { try run(.power, [numbers, value([1, -1], .int32)]) } == .invalidValue)
        let lowest = Double(Int32.min)
        #expect(try run(.divide, [value([lowest], .int32), value([-1], .int32)]) == [lowest])
        #expect(try run(.negate, [value([lowest], .int32)]) == [lowest])
    }

    @Test("an int64 that a double cannot hold is a fault, not a wrong number")
    func largeIntegers() throws {
        let large = try value([0x1p53], .int64)
        #expect(try run(.subtract, [large, value([1], .int64)]) == [0x1p53 - 1])
        #expect(code { try run(.add, [large, large]) } == .outOfBounds)
        for (number, type) in [(0.5, ElementType.int32), (.nan, .int64), (128, .int8), (-1, .uint8), (2, .bool)] {
            #expect(code { try value([number], type) } == .outOfBounds)
        }
        let beyond = StoredTensor(Tensor([Int64.max]))
        #expect(code { try ReferenceValue(beyond) } == .outOfBounds)
    }

    @Test("casting to integers stays in their range")
    func casts() throws {
        let numbers = try value([.nan, .infinity, -1e30, 1.9, -1.9])
        #expect(
            try run(.cast, [numbers], ["to": .text("int32")])
                == [0, Double(Int32.max), Double(Int32.min), 1, -1])
        #expect(code { try run(.cast, [numbers], ["to": .text("int64")]) } == .outOfBounds)
    }

    @Test("a run gives every value by name if asked, and only the outputs otherwise")
    func recording() throws {
        let graph = Graph(
            name: "main", inputs: [GraphInput(name: "x", elementType: .float32, extents: [2])], outputs: ["z"],
            nodes: [
                Node(.square, name: "1", inputs: ["x"], outputs: ["y"]),
                Node(.negate, name: "2", inputs: ["y"], outputs: ["z"]),
            ])
        let executor = ReferenceExecutor()
        let typed = try Program(graphs: [graph], tensors: [:]).validated()
            .typed(inputShapes: [Shape([2])], evaluator: executor)
        let run = try executor.run(typed, inputs: [value([2, 3])], recordsAll: true)
        #expect(run.values.mapValues(\.elements) == ["x": [2, 3], "y": [4, 9], "z": [-4, -9]])
        #expect(try executor.run(typed, inputs: [value([2, 3])]).values.isEmpty)
        #expect(code { try executor.run(typed, inputs: [value([2, 3, 4])]) } == .shapeMismatch)
        #expect(code { try executor.run(typed, inputs: []) } == .shapeMismatch)
    }

    @Test("a loop without end, and more elements than allowed, are faults")
    func limits() throws {
        let always = Graph(
            name: "always", inputs: [GraphInput(name: "x", elementType: .float32, extents: [1])], outputs: ["true"],
            nodes: [Node(.equal, name: "e", inputs: ["x", "x"], outputs: ["true"])])
        let body = Graph(
            name: "body", inputs: [GraphInput(name: "x", elementType: .float32, extents: [1])], outputs: ["y"],
            nodes: [Node(.negate, name: "n", inputs: ["x"], outputs: ["y"])])
        let main = Graph(
            name: "main", inputs: [GraphInput(name: "x", elementType: .float32, extents: [1])], outputs: ["y"],
            nodes: [
                Node(
                    .while, name: "w", inputs: ["x"], outputs: ["y"],
                    attributes: ["condition": .text("always"), "body": .text("body")])
            ])
        let executor = ReferenceExecutor(maximumOperations: 4000)
        let typed = try Program(graphs: [main, always, body], tensors: [:]).validated()
            .typed(inputShapes: [Shape([1])], evaluator: executor)
        #expect(code { try executor.run(typed, inputs: [value([1])]) } == .limitExceeded)
        var bounded = typed
        bounded.nodes[0].attributes["maximumTripCount"] = .integer(3)
        #expect(try executor.run(bounded, inputs: [value([1])]).outputs[0].elements == [-1])
        let small = ReferenceExecutor(maximumElementCount: 7)
        #expect(
            code { try run(.tile, [value([1, 2])], ["multiples": .integers([4])], executor: small) } == .limitExceeded)
        #expect(try run(.tile, [value([1, 2])], ["multiples": .integers([2])], executor: small) == [1, 2, 1, 2])
    }

    @Test("numbers become half precision rounded to the nearest even")
    func halves() throws {
        for (number, bits) in [
            (1.0, UInt16(0x3C00)), (-2, 0xC000), (65504, 0x7BFF), (65520, 0x7C00), (0x1p-24, 1), (0x1p-14, 0x0400),
            (1 + 0x1p-11, 0x3C00), (1 + 0x3p-11, 0x3C02), (0, 0), (.infinity, 0x7C00),
        ] {
            let tensor = try ReferenceValue(ValueType(.float16, .scalar), [number]).tensor
            #expect(tensor.withUnsafeBytes { $0.loadUnaligned(as: UInt16.self) } == bits, "\(number)")
        }
    }
}
