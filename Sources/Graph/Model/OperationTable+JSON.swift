import EmotionFormerCore

extension OperationTable {
    /// The table as JSON, one operation a line: what tools in other languages read. A test keeps the committed file equal.
    package static var json: String {
        let rows = all.map { row -> String in
            let fields = [
                ("name", PrintedText.quotedInJSON(row.operation.rawValue)), ("since", "\(row.since)"),
                ("inputs", list(row.inputs.map(spelled))), ("outputs", list(row.outputs.map(spelled))),
                ("weights", list(row.weights.map(spelled))),
                ("attributes", "[" + row.attributes.map(json).joined(separator: ", ") + "]"),
                ("summary", PrintedText.quotedInJSON(row.summary)),
            ]
            return "  {" + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
        }
        return "[\n" + rows.joined(separator: ",\n") + "\n]\n"
    }

    private static func spelled(_ role: OperationSpecification.Role) -> String {
        role.name + (role.isOptional ? "?" : role.isVariadic ? "..." : "")
    }

    private static func json(_ attribute: OperationSpecification.Attribute) -> String {
        var fields = [("name", PrintedText.quotedInJSON(attribute.name))]
        switch attribute.kind {
        case .integer: fields.append(("kind", PrintedText.quotedInJSON("integer")))
        case .number: fields.append(("kind", PrintedText.quotedInJSON("number")))
        case .boolean: fields.append(("kind", PrintedText.quotedInJSON("boolean")))
        case .integers: fields.append(("kind", PrintedText.quotedInJSON("integers")))
        case .elementType: fields.append(("kind", PrintedText.quotedInJSON("elementType")))
        case .graph: fields.append(("kind", PrintedText.quotedInJSON("graph")))
        case .text(let allowed):
            fields.append(("kind", PrintedText.quotedInJSON("text")))
            fields.append(("allowed", list(allowed)))
        }
        if let value = attribute.defaultValue {
            fields.append(("default", json(value)))
        } else {
            fields.append(("required", "\(!attribute.isOptional)"))
        }
        return "{" + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
    }

    private static func json(_ value: AttributeValue) -> String {
        switch value {
        case .integer(let integer): "\(integer)"
        case .number(let number): number == number.rounded() ? "\(Int(number))" : "\(number)"
        case .boolean(let boolean): "\(boolean)"
        case .text(let text): PrintedText.quotedInJSON(text)
        case .integers(let integers): "\(integers)"
        }
    }

    private static func list(_ texts: [String]) -> String {
        "[" + texts.map(PrintedText.quotedInJSON).joined(separator: ", ") + "]"
    }
}
