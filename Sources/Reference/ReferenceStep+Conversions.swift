import EmotionFormerGraph
import EmotionFormerTensors

extension ReferenceStep {
    func conversion(_ kind: OperationFamily.Conversion) throws(Fault) -> [[Double]] {
        switch kind {
        case .cast:
            let input = try operand(0)
            let target = try attributes.elementType("to")
            var results: [Double] = []
            for element in input.elements {
                results.append(Self.converted(element, from: input.type.elementType, to: target))
            }
            return [results]
        case .dequantize:
            let input = try operand(0)
            guard input.type.elementType != .float16 else { return [input.elements] }
            guard let quantization = input.quantization else {
                throw Fault(.missingField, at: "operand 'input'", "the integers have no quantization")
            }
            let view = quantization.axis.map { AxisView(input.shape, $0) }
            return [
                input.elements.enumerated().map { place, q in
                    let index = view.map { place / $0.inner % $0.extent } ?? 0
                    return (q - Double(quantization.zeroPoints[index])) * Double(quantization.scales[index])
                }
            ]
        case .quantize:
            let isSigned = try attributes.elementType("to") == .int8
            let (lowest, highest) = isSigned ? (-128.0, 127.0) : (0.0, 255.0)
            // float32 as in TensorFlow Lite; the quotient is float32 too, because it decides how ties are rounded.
            let scale = Float(try attributes.number("scale"))
            let zeroPoint = Double(try attributes.integer("zeroPoint"))
            return [
                try operand(0).elements.map { x in
                    let rounded = Double((Float(x) / scale).rounded(.toNearestOrAwayFromZero))
                    return min(max((rounded.isNaN ? 0 : rounded) + zeroPoint, lowest), highest)
                }
            ]
        }
    }

    /// A number converted to another type. A float beyond an integer's range gives the nearest end of the range, and
    /// NaN gives zero; integers wrap.
    private static func converted(
        _ x: Double, from source: ElementType, to target: ElementType
    ) -> Double {
        if target == .bool { return x != 0 ? 1 : 0 }
        if target.isFloatingPoint { return x }
        if !source.isFloatingPoint { return IntegerArithmetic.wrapped(Int(x), target) }
        let range: (Double, Double) =
            switch target {
            case .int8: (-128, 127)
            case .uint8: (0, 255)
            case .int32: (Double(Int32.min), Double(Int32.max))
            default: (-0x1p63, 0x1p63)
            }
        return x.isNaN ? 0 : min(max(x.rounded(.towardZero), range.0), range.1)
    }
}
