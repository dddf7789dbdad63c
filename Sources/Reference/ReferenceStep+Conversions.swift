import EmotionFormerCore
import EmotionFormerGraph

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
            let quantization = try context.quantizationAlongAxis(0)
            let view = quantization.axis.map { AxisView(input.shape, $0) }
            return [
                input.elements.enumerated().map { place, q in
                    let index = view.map { place / $0.inner % $0.extent } ?? 0
                    // float32, as in TensorFlow Lite.
                    return Double(Float(q - Double(quantization.zeroPoints[index])) * quantization.scales[index])
                }
            ]
        case .quantize:
            let range = try attributes.elementType("to").quantizedRange ?? -128...127
            let (lowest, highest) = (Double(range.lowerBound), Double(range.upperBound))
            // float32 as in TensorFlow Lite; the quotient is float32 too, because it decides how ties are rounded.
            let scale = Float(try attributes.number("scale"))
            let zeroPoint = Double(try attributes.integer("zeroPoint"))
            let rule = try attributes.text("rule")
            let elements = try operand(0).elements
            let whole = rule == "xnnpack" ? elements.count : rule == "exact" ? 0 : elements.count / 8 * 8
            return [
                elements.enumerated().map { index, x in
                    let rounded: Double =
                        if rule == "division" {
                            Double((Float(x) / scale).rounded(.toNearestOrAwayFromZero))
                        } else if index < whole {
                            Double((Float(x) * (1 / scale)).rounded(.toNearestOrEven))
                        } else {
                            (Double(Float(x)) / Double(scale)).rounded(.toNearestOrAwayFromZero)
                        }
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
            case .int16: (-32768, 32767)
            case .int32: (Double(Int32.min), Double(Int32.max))
            default: (-0x1p63, 0x1p63)
            }
        return x.isNaN ? 0 : min(max(x.rounded(.towardZero), range.0), range.1)
    }
}
