package import EmotionFormerCore

/// Requirements of shape inference on a node's operands, weights and attributes. Each error names the operand, weight
/// or attribute.
extension NodeContext {
    /// The operand's place in messages: `operand 'query'`.
    func place(_ index: Int) -> String {
        let roles = operation.specification.inputs
        if let role = roles.last, role.isVariadic, index >= roles.count - 1 {
            return "operand '\(role.name)'[\(index - roles.count + 1)]"
        }
        return index < roles.count ? "operand '\(roles[index].name)'" : "operand \(index)"
    }

    func optionalOperand(_ index: Int) -> ValueType? { index < inputTypes.count ? inputTypes[index] : nil }

    func constant(_ index: Int) -> StoredTensor? { index < inputConstants.count ? inputConstants[index] : nil }

    func operand(_ index: Int) throws(Fault) -> ValueType {
        guard let type = optionalOperand(index) else {
            throw Fault(.missingField, at: place(index), "the operand is absent")
        }
        return type
    }

    /// The operand, if its elements are of one of `allowed`.
    func operand(_ index: Int, _ allowed: Set<ElementType>) throws(Fault) -> ValueType {
        let type = try operand(index)
        try require(type, isOneOf: allowed, at: place(index))
        return type
    }

    /// The operand, if it has `rank` axes and float32 elements.
    func features(_ index: Int, rank: Int) throws(Fault) -> Shape {
        let type = try operand(index, [.float32])
        try require(type.shape, hasRank: rank, at: place(index))
        return type.shape
    }

    /// Every operand, all of one element type.
    func operands(_ allowed: Set<ElementType> = Set(ElementType.allCases)) throws(Fault) -> [ValueType] {
        var types: [ValueType] = []
        for index in inputTypes.indices {
            let type = try operand(index, allowed)
            if let first = types.first {
                try require(type, isOneOf: [first.elementType], at: place(index))
            }
            types.append(type)
        }
        guard !types.isEmpty else { throw Fault(.missingField, at: place(0), "the operand is absent") }
        return types
    }

    /// An operand of one element, absent or of `elementType`.
    func requireScalar(_ index: Int, _ elementType: ElementType) throws(Fault) {
        guard let type = optionalOperand(index) else { return }
        try require(type, isOneOf: [elementType], at: place(index))
        guard type.shape.rank <= 1, type.shape.elementCount == 1 else {
            throw Fault(
                .shapeMismatch, at: place(index), "the operand is not a scalar", found: "\(type.shape)", expected: "[]")
        }
    }

    func require(_ type: ValueType, isOneOf allowed: Set<ElementType>, at place: String) throws(Fault) {
        guard allowed.contains(type.elementType) else {
            throw Fault(
                .elementTypeMismatch, at: place, "the operation does not take this element type",
                found: type.elementType.rawValue,
                expected: ElementType.allCases.filter(allowed.contains).map(\.rawValue).joined(separator: " or "))
        }
    }

    func require(_ shape: Shape, hasRank rank: Int, at place: String) throws(Fault) {
        guard shape.rank == rank else {
            throw Fault(
                .shapeMismatch, at: place, "the number of axes does not fit", found: "\(shape)",
                expected: "\(rank) axes")
        }
    }

    func require(_ shape: Shape, equals extents: [Int], at place: String) throws(Fault) {
        guard shape.extents == extents else {
            throw Fault(
                .shapeMismatch, at: place, "the shape does not fit", found: "\(shape)", expected: "\(extents)")
        }
    }

    /// A Boolean operand, absent or of exactly these extents.
    func requireMask(_ index: Int, _ extents: [Int]) throws(Fault) {
        guard let mask = optionalOperand(index) else { return }
        try require(mask, isOneOf: [.bool], at: place(index))
        try require(mask.shape, equals: extents, at: place(index))
    }

    /// A float32 operand, absent or of exactly these extents.
    func requireOptional(_ index: Int, _ extents: [Int]) throws(Fault) {
        guard let type = optionalOperand(index) else { return }
        try require(type, isOneOf: [.float32], at: place(index))
        try require(type.shape, equals: extents, at: place(index))
    }
}

/// Weights.
extension NodeContext {
    /// The shape of a floating-point weight with `rank` axes.
    func weight(_ role: String, rank: Int) throws(Fault) -> Shape {
        guard let weight = weights[role] else {
            throw Fault(.missingField, at: "weight '\(role)'", "the weight is absent")
        }
        let type = ValueType(weight.tensor.elementType, weight.tensor.shape)
        try require(type, isOneOf: [.float32, .float16], at: "weight '\(role)'")
        try require(type.shape, hasRank: rank, at: "weight '\(role)'")
        return type.shape
    }

    /// A floating-point weight of exactly these extents.
    func requireWeight(_ role: String, _ extents: [Int]) throws(Fault) {
        try require(weight(role, rank: extents.count), equals: extents, at: "weight '\(role)'")
    }

    /// A floating-point weight, absent or of exactly these extents.
    func requireOptionalWeight(_ role: String, _ extents: [Int]) throws(Fault) {
        if weights[role] != nil { try requireWeight(role, extents) }
    }

    /// Quantized weights of a dynamic-range product: int8 about zero, with one scale, or one for each index of `axis`.
    func requireDynamicRange(_ weights: StoredTensor?, axis: Int?, at place: String) throws(Fault) {
        guard let weights else {
            throw Fault(.unsupportedOperation, at: place, "int8 weights must be known before the model runs")
        }
        guard let quantization = weights.quantization else {
            throw Fault(.missingField, at: place, "int8 weights have no quantization")
        }
        try quantization.check(against: ValueType(.int8, weights.tensor.shape), at: place)
        guard quantization.zeroPoints.allSatisfy({ $0 == 0 }) else {
            throw Fault(.invalidValue, at: place, "the zero point of int8 weights is not 0")
        }
        guard quantization.scales.count == 1 || (axis != nil && quantization.axis == axis) else {
            throw Fault(
                .unsupportedAttribute, at: place, "the axis of the quantization does not fit",
                found: "\(quantization.axis ?? -1)", expected: axis.map(String.init) ?? "one scale a tensor")
        }
    }
}

extension Quantization {
    /// The one scale and zero point of a tensor that has no more.
    package var single: ValueQuantization? {
        guard axis == nil, scales.count == 1, zeroPoints.count == 1 else { return nil }
        return ValueQuantization(scale: scales[0], zeroPoint: zeroPoints[0])
    }

    /// - Throws: unless there is one finite, positive scale a tensor or index of the axis, and a zero point for each that
    ///   the element type holds.
    package func check(against type: ValueType, at place: String) throws(Fault) {
        let shape = type.shape
        var count = 1
        if let axis {
            guard axis >= 0, axis < shape.rank else {
                throw Fault(.invalidValue, at: place, "the quantization's axis does not exist", found: "\(axis)")
            }
            count = shape[axis]
        }
        guard scales.count == count, zeroPoints.count == count else {
            throw Fault(
                .shapeMismatch, at: place, "wrong number of scales or zero points",
                found: "\(scales.count) and \(zeroPoints.count)", expected: "\(count)")
        }
        guard scales.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
            throw Fault(.notFinite, at: place, "a scale is negative or not finite")
        }
        let range = type.elementType.quantizedRange ?? -128...127
        if let wrong = zeroPoints.first(where: { !range.contains($0) }) {
            throw Fault(
                .invalidValue, at: place, "a zero point is out of range", found: "\(wrong)",
                expected: "\(range.lowerBound) to \(range.upperBound)")
        }
    }
}

extension ValueQuantization {
    /// - Throws: unless integers of the type can have this zero point.
    func check(_ type: ElementType) throws(Fault) {
        guard let range = type.quantizedRange else {
            throw Fault(
                .elementTypeMismatch, at: "quantization", "a value of this type has none", found: type.rawValue,
                expected: "int8, uint8 or int16")
        }
        guard range.contains(zeroPoint) else {
            throw Fault(
                .invalidValue, at: "quantization", "the zero point is out of range", found: "\(zeroPoint)",
                expected: "\(range.lowerBound) to \(range.upperBound)")
        }
    }
}
