import EmotionFormerCore
import EmotionFormerKernels
import Testing

@testable import EmotionFormerEngine
@testable import EmotionFormerGraph

@Suite("Elementwise operations equal the reference") struct ElementwiseTests {
    /// Pairs of shapes: equal, scalars, rows, columns, stretched in the middle, odd, other ranks, one element, none.
    static let pairs: [([Int], [Int])] = [
        ([1, 7, 5], [1, 7, 5]), ([1, 7, 5], []), ([], [1, 7, 5]), ([2, 3, 33], [33]), ([33], [2, 3, 33]),
        ([1, 7, 1], [1, 7, 5]), ([1, 7, 5], [1, 7, 1]), ([1, 3, 1, 4], [1, 1, 6, 4]), ([5, 1], [1, 9]),
        ([2, 1, 3, 1, 2], [1, 4, 1, 5, 1]), ([1, 17, 1], [17, 1]), ([1], [1, 1, 1]), ([2, 3, 1], [3, 1]),
        ([2, 3, 4, 1, 1], [1, 4, 1, 1]), ([0, 3], [3]), ([1, 1, 300], [1, 2, 1]),
    ]

    @Test(
        "arithmetic on float32",
        arguments: [
            .add, .subtract, .multiply, .divide, .floorDivide, .floorModulo, .power, .maximum, .minimum,
            .squaredDifference,
        ] as [EmotionFormerGraph.Operation])
    func floatArithmetic(_ operation: EmotionFormerGraph.Operation) {
        for (first, second) in Self.pairs {
            OperationCase(
                operation, [floats(first, seed: 3, offset: operation == .power ? 3 : 0), floats(second, seed: 4)]
            ).check()
        }
    }

    @Test(
        "arithmetic on int32 and int64",
        arguments: [
            .add, .subtract, .multiply, .divide, .floorDivide, .floorModulo, .power, .maximum, .minimum,
            .squaredDifference,
        ] as [EmotionFormerGraph.Operation])
    func integerArithmetic(_ operation: EmotionFormerGraph.Operation) {
        let divides = [.divide, .floorDivide, .floorModulo].contains(operation)
        for (first, second) in Self.pairs {
            let range = divides ? 1...6 : operation == .power ? 0...4 : -6...6
            OperationCase(operation, [integers(first, in: -20...20), integers(second, in: range)]).check()
            OperationCase(
                operation,
                [
                    integers(first, in: -20...20, as: Int64.self),
                    integers(second, in: divides ? -6...(-1) : range, as: Int64.self),
                ]
            ).check()
        }
    }

    @Test("integers divided by zero, and the quotient that does not fit, do not trap")
    func integerDivision() throws {
        for operation in [.divide, .floorDivide, .floorModulo] as [EmotionFormerGraph.Operation] {
            let result = try OperationCase(
                operation, [Tensor([7, -7, Int32.min, 0]), Tensor([0, 0, -1, 0] as [Int32])]
            ).engine()
            #expect(
                result[0].integers == [0, 0, operation == .floorModulo ? 0 : Int(Int32.min), 0], "\(operation)")
        }
        let negative = try OperationCase(.power, [Tensor([2, -1, 1, 0] as [Int32]), Tensor([-3] as [Int32])]).engine()
        #expect(negative[0].integers == [0, -1, 1, 0])
    }

    @Test(
        "comparisons",
        arguments: [.equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual] as [EmotionFormerGraph.Operation])
    func comparisons(_ operation: EmotionFormerGraph.Operation) {
        for (first, second) in Self.pairs {
            OperationCase(operation, [floats(first, seed: 3), floats(second, seed: 4)]).check()
            OperationCase(operation, [integers(first, in: -2...2), integers(second, in: -2...2, seed: 2)]).check()
            OperationCase(
                operation,
                [integers(first, in: 0...2, as: Int64.self), integers(second, in: 0...2, seed: 2, as: Int64.self)]
            ).check()
        }
        OperationCase(operation, [Tensor([Float.nan, 1, .infinity]), Tensor([Float.nan, .nan, .infinity])]).check()
    }

    @Test("logic, and equality of Booleans")
    func logic() {
        for (first, second) in Self.pairs {
            for operation in [.logicalAnd, .logicalOr, .equal, .notEqual] as [EmotionFormerGraph.Operation] {
                OperationCase(operation, [truths(first), truths(second, seed: 2)]).check()
            }
        }
        OperationCase(.logicalNot, [truths([2, 9])]).check()
    }

    @Test(
        "functions of one number",
        arguments: [
            .negate, .absolute, .square, .squareRoot, .reciprocalSquareRoot, .exponential, .logarithm, .sine, .cosine,
            .floor, .ceiling, .round, .sign, .errorFunction,
        ] as [EmotionFormerGraph.Operation])
    func functions(_ operation: EmotionFormerGraph.Operation) {
        let isPositive = [.squareRoot, .reciprocalSquareRoot, .logarithm].contains(operation)
        for extents in [[1, 7, 5], [33], [], [2, 1, 1], [0, 4]] {
            OperationCase(operation, [floats(extents, scale: 3, offset: isPositive ? 3.01 : 0)]).check()
        }
        OperationCase(operation, [Tensor([0.5, 1.5, 2.5, 0] + (isPositive ? [] : [-0.5, -1.5] as [Float]))]).check()
        if [.negate, .absolute, .square, .sign].contains(operation) {
            OperationCase(operation, [integers([3, 4], in: -5...5)]).check()
            OperationCase(operation, [integers([3, 4], in: -5...5, as: Int64.self)]).check()
        }
    }

    @Test("prelu, select and clip")
    func choices() {
        for (input, alpha) in [([1, 4, 6], [6]), ([1, 4, 6], [4, 1]), ([1, 4, 6], []), ([2, 3, 4, 5], [1, 1, 5])] {
            OperationCase(.prelu, [floats(input), floats(alpha, seed: 5)]).check()
        }
        for (condition, first, second) in [
            ([1, 4, 6], [1, 4, 6], [1, 4, 6]), ([1, 4, 1], [1, 4, 6], []), ([1, 1, 6], [], [1, 4, 1]),
            ([2, 1, 3], [5, 1], [2, 5, 3]), ([], [3], [3]), ([1, 2, 5, 5], [1], [1, 2, 5, 5]),
        ] {
            OperationCase(.select, [truths(condition), floats(first), floats(second, seed: 2)]).check()
            OperationCase(.select, [truths(condition), truths(first), truths(second, seed: 2)]).check()
            OperationCase(
                .select,
                [
                    truths(condition), integers(first, in: 0...9, as: Int64.self),
                    integers(second, in: 0...9, as: Int64.self),
                ]
            ).check()
        }
        for attributes in [
            ["minimum": .number(-0.5)], ["maximum": .number(0.5)], ["minimum": .number(-1), "maximum": .number(1)], [:],
        ] as [Attributes] {
            OperationCase(.clip, [floats([2, 3, 5])], attributes).check()
        }
        OperationCase(.clip, [integers([9], in: -9...9)], ["minimum": .integer(-2), "maximum": .integer(3)]).check()
        OperationCase(.clip, [integers([9], in: -9...9, as: Int64.self)], ["minimum": .integer(-2)]).check()
    }

    @Test("a wrong operation is found: the comparison is not blind")
    func negativeControl() throws {
        let add = OperationCase(.add, [floats([1, 7, 5]), floats([5], seed: 2)])
        let other = try OperationCase(.subtract, [floats([1, 7, 5]), floats([5], seed: 2)]).engine()
        #expect(add.difference(other[0], try add.reference()[0]) != nil)
    }

    @Test("graphs and kernels call activation functions by the same names")
    func activationNames() {
        // `prelu` has an operation of its own.
        for activation in Activation.allCases where activation != .prelu {
            #expect(ActivationFunction(rawValue: activation.rawValue)?.epilogue == activation)
        }
    }
}
