package import EmotionFormerCore

/// The value of a node's attribute.
package enum AttributeValue: Sendable, Hashable {
    case integer(Int)
    case number(Double)
    case boolean(Bool)
    case text(String)
    case integers([Int])
}

/// A node's attributes by name. After `Program.validated()` every attribute with a default is present.
package struct Attributes: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    package private(set) var values: [String: AttributeValue]

    package init(_ values: [String: AttributeValue] = [:]) { self.values = values }
    package init(dictionaryLiteral elements: (String, AttributeValue)...) {
        values = Dictionary(elements, uniquingKeysWith: { $1 })
    }

    package subscript(name: String) -> AttributeValue? {
        get { values[name] }
        set { values[name] = newValue }
    }

    package func integer(_ name: String) throws(Fault) -> Int {
        guard case .integer(let value)? = values[name] else { throw missing(name, "an integer") }
        return value
    }

    package func number(_ name: String) throws(Fault) -> Double {
        switch values[name] {
        case .number(let value)?: return value
        case .integer(let value)?: return Double(value)
        default: throw missing(name, "a number")
        }
    }

    /// The number, or nil if the attribute is absent.
    package func optionalNumber(_ name: String) throws(Fault) -> Double? {
        values[name] == nil ? nil : try number(name)
    }

    package func boolean(_ name: String) throws(Fault) -> Bool {
        guard case .boolean(let value)? = values[name] else { throw missing(name, "true or false") }
        return value
    }

    package func text(_ name: String) throws(Fault) -> String {
        guard case .text(let value)? = values[name] else { throw missing(name, "a string") }
        return value
    }

    package func integers(_ name: String) throws(Fault) -> [Int] {
        guard case .integers(let value)? = values[name] else { throw missing(name, "an array of integers") }
        return value
    }

    /// The integers, or nil if the attribute is absent.
    package func optionalIntegers(_ name: String) throws(Fault) -> [Int]? {
        values[name] == nil ? nil : try integers(name)
    }

    package func elementType(_ name: String) throws(Fault) -> ElementType {
        let text = try text(name)
        guard let type = ElementType(rawValue: text) else { throw missing(name, "an element type") }
        return type
    }

    package func activation(_ name: String = "activation") throws(Fault) -> ActivationFunction {
        let text = try text(name)
        guard let function = ActivationFunction(rawValue: text) else { throw missing(name, "an activation function") }
        return function
    }

    private func missing(_ name: String, _ expected: String) -> Fault {
        Fault(
            .missingField, at: "attribute '\(name)'", "the attribute is absent or of another kind",
            found: values[name].map { "\($0)" }, expected: expected)
    }
}
