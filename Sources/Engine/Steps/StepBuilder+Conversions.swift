import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels

/// An element that others are converted to and from.
private protocol ConvertibleElement: Sendable {
    static var isFloatingPoint: Bool { get }
    var double: Double { get }
    var integer: Int64 { get }
    init(converting double: Double)
    init(converting integer: Int64)
}

extension ConvertibleElement where Self: FixedWidthInteger {
    static var isFloatingPoint: Bool { false }
    var double: Double { Double(self) }
    var integer: Int64 { Int64(truncatingIfNeeded: self) }
    init(converting double: Double) { self.init(clamping: double) }
    init(converting integer: Int64) { self.init(truncatingIfNeeded: integer) }
}

extension Int8: ConvertibleElement {}
extension UInt8: ConvertibleElement {}
extension Int16: ConvertibleElement {}
extension Int32: ConvertibleElement {}
extension Int64: ConvertibleElement {}

extension Float: ConvertibleElement {
    static var isFloatingPoint: Bool { true }
    var double: Double { Double(self) }
    var integer: Int64 { 0 }
    init(converting double: Double) { self = Float(double) }
    init(converting integer: Int64) { self = Float(integer) }
}

/// The bits of an IEEE 754 half-precision number.
private struct Half: ConvertibleElement {
    let bits: UInt16
    static var isFloatingPoint: Bool { true }
    var double: Double { Double(Float(halfBits: bits)) }
    var integer: Int64 { 0 }
    // Nothing is converted to float16.
    init(converting double: Double) { bits = 0 }
    init(converting integer: Int64) { bits = 0 }
}

private struct Truth: ConvertibleElement {
    let byte: UInt8
    static var isFloatingPoint: Bool { false }
    var double: Double { Double(byte) }
    var integer: Int64 { Int64(byte) }
    init(converting double: Double) { byte = double != 0 ? 1 : 0 }
    init(converting integer: Int64) { byte = integer != 0 ? 1 : 0 }
}

extension StepBuilder {
    /// Numbers that do not fit an integer type become the nearest value, NaN becomes 0; integers wrap.
    mutating func appendCast(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let output = try output(node)
        let source = type(input).elementType
        if source == type(output).elementType { return alias(output, to: input) }
        let run: ElementRun? =
            switch source {
            case .float32: conversion(from: Float.self, to: type(output).elementType)
            case .float16: conversion(from: Half.self, to: type(output).elementType)
            case .int8: conversion(from: Int8.self, to: type(output).elementType)
            case .uint8: conversion(from: UInt8.self, to: type(output).elementType)
            case .int16: conversion(from: Int16.self, to: type(output).elementType)
            case .int32: conversion(from: Int32.self, to: type(output).elementType)
            case .int64: conversion(from: Int64.self, to: type(output).elementType)
            case .bool: conversion(from: Truth.self, to: type(output).elementType)
            }
        guard let run else { throw unsuitable(node, type(output).elementType) }
        try appendElementwise(node, inputs: [input], run: run)
    }

    private func conversion<Source: ConvertibleElement>(
        from source: Source.Type, to target: ElementType
    ) -> ElementRun? {
        switch target {
        case .float32: conversion(source, Float.self)
        case .int8: conversion(source, Int8.self)
        case .uint8: conversion(source, UInt8.self)
        case .int16: conversion(source, Int16.self)
        case .int32: conversion(source, Int32.self)
        case .int64: conversion(source, Int64.self)
        case .bool: conversion(source, Truth.self)
        case .float16: nil
        }
    }

    private func conversion<Source: ConvertibleElement, Target: ConvertibleElement>(
        _ source: Source.Type, _ target: Target.Type
    ) -> ElementRun {
        Source.isFloatingPoint
            ? ElementRuns.unary { (x: Source) in Target(converting: x.double) }
            : ElementRuns.unary { (x: Source) in Target(converting: x.integer) }
    }

    /// float16, or a constant with its quantization.
    mutating func appendDequantization(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let output = try output(node)
        if type(input).elementType == .float16 {
            return try appendElementwise(
                node, inputs: [input], run: ElementRuns.unary { (x: UInt16) in Float(halfBits: x) })
        }
        let quantization = try integerContext(node).quantizationAlongAxis(0)
        guard let integers = graph.constant(input)?.tensor.integers else {
            return try appendValueDequantization(node, input)
        }
        let shape = shape(output)
        let inner = quantization.axis.map { shape.elementCount(of: ($0 + 1)..<shape.rank) } ?? 1
        let scaleCount = quantization.scales.count
        graph.values[output].constant = StoredTensor(
            Tensor(.float32, shape) { bytes in
                let floats = bytes.bindMemory(to: Float.self)
                for index in floats.indices {
                    let channel = index / max(inner, 1) % scaleCount
                    floats[index] =
                        Float(integers[index] - quantization.zeroPoints[channel]) * quantization.scales[channel]
                }
            })
    }

    /// (q − zeroPoint) · scale of a value that the model computes.
    private mutating func appendValueDequantization(_ node: TypedGraph.Node, _ input: Int) throws(Fault) {
        let quantization = try integerContext(node).quantization(0)
        let (scale, zeroPoint) = (quantization.scale, Int32(truncatingIfNeeded: quantization.zeroPoint))
        let run: ElementRun
        switch type(input).elementType {
        case .int8:
            let dequantize = kernels.integers.dequantize
            run = { x, _, _, output, strides, count in
                let x = x.assumingMemoryBound(to: Int8.self)
                let output = output.assumingMemoryBound(to: Float.self)
                if strides.x == 1 {
                    dequantize(scale, zeroPoint, x, output, count)
                } else {
                    output.update(repeating: Float(Int32(x[0]) &- zeroPoint) * scale, count: count)
                }
            }
        case .uint8: run = ElementRuns.unary { (q: UInt8) in Float(Int32(q) &- zeroPoint) * scale }
        case .int16: run = ElementRuns.unary { (q: Int16) in Float(Int32(q) &- zeroPoint) * scale }
        case let type: throw unsuitable(node, type)
        }
        try appendElementwise(node, inputs: [input], run: run)
    }

    mutating func appendQuantization(_ node: TypedGraph.Node) throws(Fault) {
        switch type(try output(node)).elementType {
        case .int8:
            switch try node.attributes.text("rule") {
            case "xnnpack": try appendByteQuantization(node, .reciprocal)
            case "exact": try appendByteQuantization(node, .exact)
            default: try appendQuantization(node, Int8.self)
            }
        case .uint8: try appendQuantization(node, UInt8.self)
        case .int16: try appendQuantization(node, Int16.self)
        case let type: throw unsuitable(node, type)
        }
    }

    private mutating func appendByteQuantization(
        _ node: TypedGraph.Node, _ rule: IntegerQuantizationRule
    ) throws(Fault) {
        let input = try operand(node, 0)
        try requireFloat(input, node)
        let scale = Float(try node.attributes.number("scale"))
        let zeroPoint = Int32(truncatingIfNeeded: try node.attributes.integer("zeroPoint"))
        let range = IntegerRange(zeroPoint: zeroPoint, low: -128, high: 127)
        let quantize = kernels.integers.quantize
        try appendElementwise(node, inputs: [input]) { x, _, _, output, strides, count in
            let x = x.assumingMemoryBound(to: Float.self)
            let output = output.assumingMemoryBound(to: Int8.self)
            quantize(rule, scale, range, x, output, strides.x == 1 ? count : 1)
            if strides.x != 1 { (output + 1).update(repeating: output[0], count: count &- 1) }
        }
    }

    private mutating func appendQuantization<Element: QuantizedElement>(
        _ node: TypedGraph.Node, _ element: Element.Type
    ) throws(Fault) {
        let input = try operand(node, 0)
        try requireFloat(input, node)
        let scale = Float(try node.attributes.number("scale"))
        let zeroPoint = Float(try node.attributes.integer("zeroPoint"))
        let inverse = 1 / scale
        let byDivision: @Sendable (Float) -> Element = { x in
            Element(clamping: Double((x / scale).rounded(.toNearestOrAwayFromZero) + zeroPoint))
        }
        let toEven: @Sendable (Float) -> Element = { x in
            Element(clamping: Double((x * inverse).rounded(.toNearestOrEven) + zeroPoint))
        }
        let exact: @Sendable (Float) -> Element = { x in
            Element(
                clamping: (Double(x) / Double(scale)).rounded(.toNearestOrAwayFromZero) + Double(zeroPoint))
        }
        switch try node.attributes.text("rule") {
        case "xnnpack": try appendElementwise(node, inputs: [input], run: ElementRuns.unary(toEven))
        case "exact": try appendElementwise(node, inputs: [input], run: ElementRuns.unary(exact))
        case "builtin":
            // The elements after the last whole block of the tensor round differently.
            let output = try output(node)
            let count = shape(output).elementCount
            let whole = count / 8 * 8
            append(
                StepDraft(name: node.name, label: label(node, output), reads: [input], writes: [output]) { layout in
                    let input = layout.operand(input)
                    let output = layout.destination(output)
                    return { execution, _ in
                        let x = input.floats(execution)
                        let y = output.elements(execution, as: Element.self)
                        for index in 0..<whole { y[index] = toEven(x[index]) }
                        for index in whole..<count { y[index] = exact(x[index]) }
                    }
                })
        default: try appendElementwise(node, inputs: [input], run: ElementRuns.unary(byDivision))
        }
    }
}
