import EmotionFormerCore
import EmotionFormerGraph
import Testing

@Suite struct ShapeInferenceArithmeticTests {
    @Test("binary operations broadcast as NumPy does")
    func broadcasting() throws {
        #expect(try infer(.add, [f32(1, 4, 6), f32(6)]) == [f32(1, 4, 6)])
        #expect(try infer(.multiply, [i32(4, 1), i32(1, 6)]) == [i32(4, 6)])
        #expect(try infer(.less, [i64(3), i64()]) == [bool(3)])
        #expect(try infer(.logicalAnd, [bool(3), bool(2, 1)]) == [bool(2, 3)])
        #expect(try infer(.select, [bool(2, 1), f32(3), f32()]) == [f32(2, 3)])
        #expect(try infer(.add, [f32(0, 3), f32(1, 3)]) == [f32(0, 3)])
        #expect(faultCode { () throws(Fault) in try infer(.add, [f32(2, 3), f32(2)]) } == .shapeMismatch)
        #expect(faultCode { () throws(Fault) in try infer(.add, [f32(3), i32(3)]) } == .elementTypeMismatch)
        #expect(faultCode { () throws(Fault) in try infer(.add, [bool(3), bool(3)]) } == .elementTypeMismatch)
        #expect(faultCode { () throws(Fault) in try infer(.select, [f32(3), f32(3), f32(3)]) } == .elementTypeMismatch)
        #expect(
            faultCode { () throws(Fault) in try infer(.select, [bool(3), f32(3), i32(3)]) } == .elementTypeMismatch)
    }

    @Test("a broadcast that would be enormous is refused before anything is allocated")
    func enormousBroadcast() {
        #expect(
            faultCode { () throws(Fault) in try infer(.add, [f32(1 << 30, 1), f32(1, 1 << 30)]) } == .sizeOverflow)
    }

    @Test("unary operations keep the type, each on the types it is defined for")
    func unary() throws {
        #expect(try infer(.negate, [i32(2)]) == [i32(2)])
        #expect(try infer(.logicalNot, [bool(2)]) == [bool(2)])
        #expect(try infer(.prelu, [f32(1, 4, 6), f32(6)]) == [f32(1, 4, 6)])
        #expect(try infer(.clip, [i32(2)], ["minimum": .number(0)]) == [i32(2)])
        #expect(faultCode { () throws(Fault) in try infer(.exponential, [i32(2)]) } == .elementTypeMismatch)
        #expect(faultCode { () throws(Fault) in try infer(.prelu, [f32(6), f32(2, 6)]) } == .shapeMismatch)
        #expect(
            faultCode { () throws(Fault) in try infer(.clip, [i32(2)], ["minimum": .number(0.5)]) } == .invalidValue)
        #expect(
            faultCode { () throws(Fault) in
                try infer(.clip, [f32(2)], ["minimum": .number(1), "maximum": .number(0)])
            } == .invalidValue)
    }

    @Test("matrix products broadcast their leading axes and check the inner extent")
    func matmul() throws {
        #expect(try infer(.matmul, [f32(2, 1, 4, 6), f32(3, 6, 5)]) == [f32(2, 3, 4, 5)])
        #expect(
            try infer(.matmul, [f32(6, 4), f32(5, 6)], ["transposeFirst": true, "transposeSecond": true]) == [f32(4, 5)]
        )
        #expect(faultCode { () throws(Fault) in try infer(.matmul, [f32(4, 6), f32(5, 6)]) } == .shapeMismatch)
        #expect(faultCode { () throws(Fault) in try infer(.matmul, [f32(6), f32(6, 5)]) } == .shapeMismatch)
        #expect(faultCode { () throws(Fault) in try infer(.matmul, [f32(2, 4, 6), f32(3, 6, 5)]) } == .shapeMismatch)
    }

    @Test("fullyConnected takes the input as rows, or keeps its axes")
    func fullyConnected() throws {
        #expect(try infer(.fullyConnected, [f32(1, 4, 6), f32(5, 6), f32(5)]) == [f32(4, 5)])
        #expect(try infer(.fullyConnected, [f32(1, 4, 6), f32(5, 12)]) == [f32(2, 5)])
        #expect(
            try infer(.fullyConnected, [f32(1, 4, 6), f32(5, 6)], ["keepDimensions": true]) == [f32(1, 4, 5)])
        let weights = zeros(i8(5, 6), scales: 5, axis: 0)
        #expect(try infer(.fullyConnected, [f32(4, 6), i8(5, 6)], constants: [1: weights]) == [f32(4, 5)])
        #expect(faultCode { () throws(Fault) in try infer(.fullyConnected, [f32(4, 6), f32(5, 7)]) } == .shapeMismatch)
        #expect(
            faultCode { () throws(Fault) in
                try infer(.fullyConnected, [f32(1, 4, 6), f32(5, 12)], ["keepDimensions": true])
            } == .shapeMismatch)
        #expect(
            faultCode { () throws(Fault) in try infer(.fullyConnected, [f32(4, 6), i8(5, 6)]) } == .unsupportedOperation
        )
        #expect(
            faultCode { () throws(Fault) in try infer(.fullyConnected, [f32(4, 6), f32(5, 6), f32(6)]) }
                == .shapeMismatch)
    }

    @Test("reductions drop or keep axes; an empty axis has no largest element")
    func reductions() throws {
        #expect(try infer(.reduceSum, [f32(2, 3, 4)], ["axes": [-1, 0]]) == [f32(3)])
        #expect(try infer(.reduceMean, [f32(2, 3, 4)], ["axes": [1], "keepDimensions": true]) == [f32(2, 1, 4)])
        #expect(try infer(.reduceAny, [bool(2, 3)], ["axes": []]) == [bool(2, 3)])
        #expect(try infer(.argMaximum, [f32(2, 3)]) == [i64(2)])
        #expect(try infer(.argMinimum, [f32(2, 3)], ["axis": 0, "elementType": "int32"]) == [i32(3)])
        #expect(try infer(.cumulativeSum, [i32(2, 3)]) == [i32(2, 3)])
        #expect(faultCode { () throws(Fault) in try infer(.reduceSum, [f32(2)], ["axes": [1]]) } == .invalidValue)
        #expect(faultCode { () throws(Fault) in try infer(.reduceSum, [f32(2)], ["axes": [0, -1]]) } == .invalidValue)
        #expect(
            faultCode { () throws(Fault) in try infer(.reduceAny, [f32(2)], ["axes": [0]]) } == .elementTypeMismatch)
        #expect(
            faultCode { () throws(Fault) in try infer(.reduceMaximum, [f32(0, 3)], ["axes": [0]]) } == .shapeMismatch)
        #expect(
            faultCode { () throws(Fault) in try infer(.argMaximum, [f32(3)], ["elementType": "float32"]) }
                == .unsupportedAttribute)
    }

    @Test("types: casts, and quantization that must be there")
    func types() throws {
        #expect(try infer(.cast, [f32(2)], ["to": "int32"]) == [i32(2)])
        #expect(
            faultCode { () throws(Fault) in try infer(.cast, [f32(2)], ["to": "float16"]) } == .unsupportedAttribute)
        let constant = zeros(i8(2, 3), scales: 3, axis: 1)
        #expect(try infer(.dequantize, [i8(2, 3)], constants: [0: constant]) == [f32(2, 3)])
        #expect(faultCode { () throws(Fault) in try infer(.dequantize, [i8(2, 3)]) } == .missingField)
        // A zero point that its element type does not hold would overflow in the conversion.
        for zeroPoint in [128, -129, Int(Int32.max), Int(Int32.min), .max, .min] {
            let outside = zeros(i8(2, 3), scales: 1, zeroPoint: zeroPoint)
            let code = faultCode { () throws(Fault) in try infer(.dequantize, [i8(2, 3)], constants: [0: outside]) }
            #expect(code == .invalidValue, "\(zeroPoint)")
        }
        let edge = zeros(i8(2, 3), scales: 1, zeroPoint: -128)
        #expect(try infer(.dequantize, [i8(2, 3)], constants: [0: edge]) == [f32(2, 3)])
        let quantize: Attributes = ["to": "int8", "scale": .number(0.5), "zeroPoint": .integer(-128)]
        #expect(try infer(.quantize, [f32(2)], quantize) == [i8(2)])
        for (name, value) in [
            ("zeroPoint", AttributeValue.integer(128)), ("scale", .number(0)), ("to", .text("int32")),
        ] {
            var wrong = quantize
            wrong[name] = value
            #expect(faultCode { () throws(Fault) in try infer(.quantize, [f32(2)], wrong) } != nil, "\(name)")
        }
    }
}

extension AttributeValue: ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByStringLiteral,
    ExpressibleByArrayLiteral
{
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    public init(stringLiteral value: String) { self = .text(value) }
    public init(arrayLiteral elements: Int...) { self = .integers(elements) }
}
