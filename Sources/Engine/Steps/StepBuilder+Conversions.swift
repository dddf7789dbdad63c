import EmotionFormerGraph
import EmotionFormerTensors

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
        guard let stored = graph.constant(input), let quantization = stored.quantization,
            let integers = stored.tensor.integers
        else { throw unsupported(node, "integers without a quantization") }
        let shape = shape(output)
        let inner = quantization.axis.map { shape.elementCount(of: ($0 + 1)..<shape.rank) } ?? 1
        let scaleCount = quantization.scales.count
        guard scaleCount > 0, quantization.zeroPoints.count == scaleCount else {
            throw unsupported(node, "an incomplete quantization")
        }
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

    mutating func appendQuantization(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        try requireFloat(input, node)
        let scale = Float(try node.attributes.number("scale"))
        let zeroPoint = Float(try node.attributes.integer("zeroPoint"))
        let run: ElementRun
        switch type(try output(node)).elementType {
        case .int8:
            run = ElementRuns.unary { (x: Float) in
                let rounded = (x / scale).rounded(.toNearestOrAwayFromZero) + zeroPoint
                return Int8(clamping: Double(rounded))
            }
        case .uint8:
            run = ElementRuns.unary { (x: Float) in
                let rounded = (x / scale).rounded(.toNearestOrAwayFromZero) + zeroPoint
                return UInt8(clamping: Double(rounded))
            }
        default: throw unsuitable(node, type(try output(node)).elementType)
        }
        try appendElementwise(node, inputs: [input], run: run)
    }
}
