import EmotionFormerCore

/// The operands, results, weights and attributes of an operation: a row of the operation table, which is the format's
/// specification.
package struct OperationSpecification: Sendable {
    /// An operand, result or weight: its role, and whether it may be absent or repeated.
    ///
    /// Written `"bias?"` for one that may be absent, `"inputs..."` for one or more.
    package struct Role: Sendable, ExpressibleByStringLiteral, Equatable {
        package let name: String
        package let isOptional: Bool
        package let isVariadic: Bool

        package init(stringLiteral text: String) {
            isOptional = text.hasSuffix("?")
            isVariadic = text.hasSuffix("...")
            name = String(text.dropLast(isOptional ? 1 : isVariadic ? 3 : 0))
        }
    }

    package struct Attribute: Sendable {
        package enum Kind: Sendable, Equatable {
            case integer, number, boolean, integers, elementType, graph
            case text([String])
        }

        package let name: String
        package let kind: Kind
        /// The value of an absent attribute; nil if it is required or, with `isOptional`, may be absent.
        package let defaultValue: AttributeValue?
        package let isOptional: Bool

        static func required(_ name: String, _ kind: Kind) -> Attribute {
            Attribute(name: name, kind: kind, defaultValue: nil, isOptional: false)
        }
        static func optional(_ name: String, _ kind: Kind) -> Attribute {
            Attribute(name: name, kind: kind, defaultValue: nil, isOptional: true)
        }
        static func integer(_ name: String, _ value: Int) -> Attribute {
            Attribute(name: name, kind: .integer, defaultValue: .integer(value), isOptional: false)
        }
        static func number(_ name: String, _ value: Double) -> Attribute {
            Attribute(name: name, kind: .number, defaultValue: .number(value), isOptional: false)
        }
        static func boolean(_ name: String, _ value: Bool) -> Attribute {
            Attribute(name: name, kind: .boolean, defaultValue: .boolean(value), isOptional: false)
        }
        static func integers(_ name: String, _ value: [Int]) -> Attribute {
            Attribute(name: name, kind: .integers, defaultValue: .integers(value), isOptional: false)
        }
        static func text(_ name: String, _ value: String, among allowed: [String]) -> Attribute {
            Attribute(name: name, kind: .text(allowed), defaultValue: .text(value), isOptional: false)
        }
        static func elementType(_ name: String, _ value: ElementType) -> Attribute {
            Attribute(name: name, kind: .elementType, defaultValue: .text(value.rawValue), isOptional: false)
        }
        /// An activation without parameters, joined to the operation; linear unless given.
        static func activation(_ name: String = "activation", _ value: ActivationFunction = .linear) -> Attribute {
            text(name, value.rawValue, among: ActivationFunction.parameterless.map(\.rawValue))
        }
    }

    package let family: OperationFamily
    package let inputs: [Role]
    package let outputs: [Role]
    package let weights: [Role]
    package let attributes: [Attribute]
    /// The format version in which the operation was added.
    package let since: Int
    /// What the operation computes, with shapes.
    package let summary: String

    init(
        _ family: OperationFamily, _ inputs: [Role], outputs: [Role] = ["output"], weights: [Role] = [],
        attributes: [Attribute] = [], since: Int = 1, _ summary: String
    ) {
        self.family = family
        self.inputs = inputs
        self.outputs = outputs
        self.weights = weights
        self.attributes = attributes
        self.since = since
        self.summary = summary
    }
}

// The two traps below are for whoever adds an operation and forgets its row, or its name. No file reaches them: what a file
// names becomes an `Operation` first, and the test of the table asks every operation for its row and every row for its
// operation.
extension OperationSpecification {
    package var operation: Operation {
        guard let operation = Operation(rawValue: family.name) else {
            preconditionFailure("'\(family.name)' is not the name of an operation")
        }
        return operation
    }
}

extension Operation {
    /// The operation's row in the table.
    package var specification: OperationSpecification {
        guard let row = OperationTable.byOperation[self] else {
            preconditionFailure("no row states what '\(rawValue)' is")
        }
        return row
    }

    package var family: OperationFamily { specification.family }

    /// Whether it computes with quantized integers, by exact rules.
    package var isInteger: Bool {
        if case .integer = family { true } else { false }
    }
}

/// The operations of the format. A test checks that every operation has exactly one row.
package enum OperationTable {
    package static let all: [OperationSpecification] =
        layers + recurrent + elementwise + products + reductions + shapes + types + control + integers

    fileprivate static let byOperation = Dictionary(uniqueKeysWithValues: all.map { ($0.operation, $0) })
}
