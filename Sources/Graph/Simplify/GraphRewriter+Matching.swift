import EmotionFormerCore

/// Building blocks of patterns.
extension GraphRewriter {
    /// A floating-point constant of one element.
    func scalar(_ value: Int?) -> Double? {
        guard let stored = constant(value), stored.tensor.shape.elementCount == 1 else { return nil }
        return stored.plainNumbers?.first
    }

    /// The elements of a float32 constant.
    func numbers(_ value: Int?) -> [Float]? {
        guard let stored = constant(value), stored.quantization == nil else { return nil }
        return stored.tensor.elements(as: Float.self)
    }

    /// The operands of a node with two, if exactly one of them is a constant.
    func variableAndConstant(_ node: TypedGraph.Node) -> (variable: Int, constant: Int)? {
        guard let first = node.input(0), let second = node.input(1) else { return nil }
        switch (values[first].constant == nil, values[second].constant == nil) {
        case (true, false): return (first, second)
        case (false, true): return (second, first)
        default: return nil
        }
    }

    /// The operands of a node with two, if exactly one of them is a constant of one element.
    func variableAndScalar(_ node: TypedGraph.Node) -> (variable: Int, scalar: Double)? {
        guard let operands = variableAndConstant(node), let scalar = scalar(operands.constant) else { return nil }
        return (operands.variable, scalar)
    }

    /// The other operand of a commutative node.
    func other(_ node: TypedGraph.Node, than value: Int) -> Int? {
        guard let first = node.input(0), let second = node.input(1) else { return nil }
        return first == value ? second : second == value ? first : nil
    }

    /// The value before any reshapes: the same elements in the same order.
    func beforeReshapes(_ value: Int) -> Int {
        var value = value
        while let node = producing(value, .reshape), let input = node.input(0) { value = input }
        return value
    }

    /// Whether two values of the same shape are equal up to reshapes.
    func isSame(_ value: Int, as other: Int) -> Bool {
        beforeReshapes(value) == beforeReshapes(other) && shape(of: value) == shape(of: other)
    }

    /// The Boolean value from which a float value was cast, through reshapes: the same elements in the same order.
    func castBoolean(_ value: Int) -> Int? {
        guard let cast = producing(beforeReshapes(value), .cast), let input = cast.input(0),
            type(of: input).elementType == .bool
        else { return nil }
        return input
    }

    /// A value (B, T, C) whose steps that a mask (B, T, 1) does not keep are zero: before that, and the mask.
    func maskedSteps(_ value: Int) -> (input: Int, mask: Int)? {
        let extents = shape(of: value).extents
        guard extents.count == 3, let node = producing(value) else { return nil }
        let steps = [extents[0], extents[1], 1]
        switch node.operation {
        case .select:
            guard scalar(node.input(2)) == 0, let mask = node.input(0), let input = node.input(1),
                shape(of: mask).extents == steps, shape(of: input).extents == extents
            else { return nil }
            return (input, mask)
        case .multiply:
            for (input, factor) in node.bothOrders {
                guard let input, let factor, shape(of: factor).extents == steps, shape(of: input).extents == extents,
                    let mask = castBoolean(factor)
                else { continue }
                return (input, mask)
            }
            return nil
        default: return nil
        }
    }

    /// The value in another shape with the same number of elements; a reshape is inserted if the shape differs.
    mutating func reshaped(_ value: Int, to shape: Shape, name: String) -> Int {
        if self.shape(of: value) == shape { return value }
        return insert(
            .reshape, name: name, inputs: [value], type: ValueType(type(of: value).elementType, shape),
            attributes: ["shape": .integers(shape.extents)])
    }

    /// Inserts a reshape that produces a value whose producer has been removed.
    mutating func reshape(_ value: Int, making output: Int, name: String) {
        insert(
            .reshape, name: name, inputs: [value], making: [output],
            attributes: ["shape": .integers(shape(of: output).extents)])
    }

    /// The axes of a node, from the front, ascending; nil if there are no such axes.
    func axes(_ node: TypedGraph.Node, _ name: String = "axes") -> [Int]? {
        guard let input = node.input(0), let axes = try? node.attributes.integers(name) else { return nil }
        let rank = shape(of: input).rank
        let resolved = Set(axes.map { $0 < 0 ? $0 + rank : $0 })
        return resolved.allSatisfy { (0..<rank).contains($0) } && resolved.count == axes.count ? resolved.sorted() : nil
    }
}

extension TypedGraph.Node {
    /// The operands 0 and 1, in this order and in the other.
    var bothOrders: [(Int?, Int?)] { [(input(0), input(1)), (input(1), input(0))] }

    /// The function of an `activation` node without parameters.
    package var parameterlessFunction: ActivationFunction? {
        guard operation == .activation, let function = try? attributes.activation("function"),
            ActivationFunction.parameterless.contains(function)
        else { return nil }
        for name in ["alpha", "threshold", "maximum", "value"] where attributes[name] != nil { return nil }
        return function
    }
}

extension StoredTensor {
    /// The numbers of a floating-point tensor without quantization; nil for others.
    var plainNumbers: [Double]? {
        quantization == nil && tensor.elementType.isFloatingPoint ? tensor.doubles : nil
    }

    /// Whether the elements of a plain integer tensor are 0, 1, 2, …
    var isRange: Bool {
        guard quantization == nil else { return false }
        return tensor.withUnsafeBytes { bytes in
            switch tensor.elementType {
            case .int32: bytes.bindMemory(to: Int32.self).enumerated().allSatisfy { Int($0.element) == $0.offset }
            case .int64: bytes.bindMemory(to: Int64.self).enumerated().allSatisfy { Int($0.element) == $0.offset }
            default: false
            }
        }
    }

    /// Whether every element of a plain float32 or integer tensor is this number.
    func isAll(_ number: Int) -> Bool {
        guard quantization == nil else { return false }
        return tensor.withUnsafeBytes { bytes in
            switch tensor.elementType {
            case .float32: bytes.bindMemory(to: Float.self).allSatisfy { $0 == Float(number) }
            case .int32: bytes.bindMemory(to: Int32.self).allSatisfy { $0 == Int32(number) }
            case .int64: bytes.bindMemory(to: Int64.self).allSatisfy { $0 == Int64(number) }
            default: false
            }
        }
    }
}
