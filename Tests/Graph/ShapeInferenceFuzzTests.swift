import EmotionFormerCore
import EmotionFormerGraph
import Testing

/// Shape inference sees whatever a file says: it gives types or a fault for anything, and never traps.
@Suite struct ShapeInferenceFuzzTests {
    private struct Dice: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    private static let numbers = [
        -1 << 62, .min, -(1 << 31), -5, -2, -1, 0, 0, 1, 1, 1, 2, 2, 3, 4, 6, 8, 1 << 20, 1 << 31, 1 << 40, .max,
    ]
    private static let extents = [0, 1, 1, 1, 2, 2, 3, 4, 4, 6, 8, 1 << 24, 1 << 46]

    private func shape(_ dice: inout Dice) -> Shape {
        while true {
            let extents = (0..<Int.random(in: 0...5, using: &dice)).map { _ in
                Self.extents.randomElement(using: &dice) ?? 1
            }
            if let shape = try? Shape(extents) { return shape }
        }
    }

    /// A small constant of random integers, or none.
    private func constant(_ type: inout ValueType, _ dice: inout Dice) -> StoredTensor? {
        guard Bool.random(using: &dice) else { return nil }
        let count = Int.random(in: 0...6, using: &dice)
        type = ValueType(.int64, Shape(unchecked: [count]))
        return StoredTensor(
            Tensor((0..<count).map { _ in Int64(Self.numbers.randomElement(using: &dice) ?? 0) }))
    }

    private func value(_ kind: OperationSpecification.Attribute.Kind, _ dice: inout Dice) -> AttributeValue {
        switch kind {
        case .integer: .integer(Self.numbers.randomElement(using: &dice) ?? 0)
        case .number: .number([-1, 0, 0.5, 1e300].randomElement(using: &dice) ?? 0)
        case .boolean: .boolean(.random(using: &dice))
        case .integers:
            .integers(
                (0..<Int.random(in: 0...6, using: &dice)).map { _ in Self.numbers.randomElement(using: &dice) ?? 0 })
        case .elementType: .text(ElementType.allCases.randomElement(using: &dice)?.rawValue ?? "")
        case .graph: .text("graph")
        case .text(let allowed): .text(allowed.randomElement(using: &dice) ?? "")
        }
    }

    @Test("random operands, weights and attributes, with a seed", arguments: EmotionFormerGraph.Operation.allCases)
    func random(_ operation: EmotionFormerGraph.Operation) {
        var dice = Dice(state: UInt64(operation.rawValue.utf8.reduce(7) { $0 &* 31 &+ Int($1) }.magnitude))
        let specification = operation.specification
        var faults = 0
        for _ in 0..<60 {
            var inputs: [ValueType?] = []
            var constants: [Int: StoredTensor] = [:]
            for (index, role) in specification.inputs.enumerated() {
                let count = role.isVariadic ? Int.random(in: 1...3, using: &dice) : 1
                for _ in 0..<count {
                    if role.isOptional && Bool.random(using: &dice) {
                        inputs.append(nil)
                        continue
                    }
                    var type = ValueType(
                        Bool.random(using: &dice)
                            ? .float32 : ElementType.allCases.randomElement(using: &dice) ?? .bool, shape(&dice))
                    if index > 0 || operation == .fill { constants[inputs.count] = constant(&type, &dice) }
                    inputs.append(type)
                }
            }
            var attributes: Attributes = [:]
            for attribute in specification.attributes where attribute.defaultValue == nil || Bool.random(using: &dice) {
                if attribute.isOptional && Bool.random(using: &dice) { continue }
                attributes[attribute.name] = value(attribute.kind, &dice)
            }
            var weights: [String: ValueType] = [:]
            for role in specification.weights where !role.isOptional || Bool.random(using: &dice) {
                let shape = shape(&dice)
                weights[role.name] = ValueType(
                    .float32, shape.elementCount <= 4096 ? shape : Shape(unchecked: [2, 3]))
            }
            let outputs = Int.random(in: 1...4, using: &dice)
            let code = faultCode { () throws(Fault) in
                try infer(
                    operation, inputs, attributes, weights: weights, constants: constants, outputs: outputs)
            }
            if code != nil { faults += 1 }
        }
        // Where nothing was refused, nothing was tried.
        #expect(faults > 0 || specification.inputs.isEmpty || [.identity, .onesLike, .zerosLike].contains(operation))
    }
}
