package import EmotionFormerFiles
import EmotionFormerGraph

extension Graph {
    /// An element of the field `graphs`.
    var json: JSONValue {
        .object(
            fields: [
                ("name", .string(name)), ("inputs", .array(inputs.map(\.json))),
                ("outputs", .array(outputs.map(JSONValue.string))), ("nodes", .array(nodes.map(\.json))),
                ("variables", variables.isEmpty ? nil : .array(variables.map(\.json))),
                ("quantizations", quantizations.isEmpty ? nil : .object(quantizationMembers)),
            ])
    }

    private var quantizationMembers: [JSONValue.Member] {
        quantizations.sorted { $0.key < $1.key }.map { name, quantization in
            JSONValue.Member(
                name,
                ["scale": .number(Double(quantization.scale)), "zeroPoint": .integer(quantization.zeroPoint)])
        }
    }
}

extension GraphInput {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "dtype": .string(elementType.rawValue),
            "shape": .extents(extents),
        ]
    }
}

extension GraphVariable {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "input": .string(input), "output": .string(output), "initial": .string(initial),
        ]
    }
}

extension Node {
    /// Without empty fields and without attributes that have their default value.
    fileprivate var json: JSONValue {
        let specification = operation.specification
        let given = specification.attributes.compactMap { attribute -> JSONValue.Member? in
            guard let value = attributes[attribute.name], value != attribute.defaultValue else { return nil }
            return JSONValue.Member(attribute.name, value.json)
        }
        let roles = specification.weights.compactMap { role in
            weights[role.name].map { JSONValue.Member(role.name, .string($0)) }
        }
        return .object(
            fields: [
                ("name", .string(name)), ("operation", .string(operation.rawValue)),
                ("inputs", inputs.isEmpty ? nil : .array(inputs.map { $0.map(JSONValue.string) ?? .null })),
                ("outputs", outputs.isEmpty ? nil : .array(outputs.map(JSONValue.string))),
                ("attributes", given.isEmpty ? nil : .object(given)), ("weights", roles.isEmpty ? nil : .object(roles)),
            ])
    }
}

extension AttributeValue {
    fileprivate var json: JSONValue {
        switch self {
        case .integer(let integer): .integer(integer)
        case .number(let number): .number(number)
        case .boolean(let boolean): .boolean(boolean)
        case .text(let text): .string(text)
        case .integers(let integers): .array(integers.map(JSONValue.integer))
        }
    }
}

extension JSONValue {
    /// Extents, null where one is open.
    package static func extents(_ extents: [Int?]) -> JSONValue {
        .array(extents.map { $0.map(JSONValue.integer) ?? .null })
    }
}
