import EmotionFormerGraph

/// The operation table as an article of the documentation.
extension OperationTable {
    static var article: String {
        var text = """
            # Operations of a model package

            What each node of a package's graphs takes, gives and computes.

            ## Overview

            This page is written by a test from the table that the engine, the importers and the exporter are held to
            (`Tools/emotionformer/operations.json` is the same table for programs). *Inputs* are values, in order; *weights* are
            tensors of the weight file, by role. `?` marks what may be absent, `…` one or more. An attribute that has a default may
            be left out.


            """
        for row in all {
            text += "## \(row.operation.rawValue)\n\n\(row.summary.escapedForMarkdown)\n\n"
            if !row.inputs.isEmpty { text += "- Inputs: \(row.inputs.map(\.article).joined(separator: ", "))\n" }
            if !row.outputs.isEmpty { text += "- Outputs: \(row.outputs.map(\.article).joined(separator: ", "))\n" }
            if !row.weights.isEmpty { text += "- Weights: \(row.weights.map(\.article).joined(separator: ", "))\n" }
            for attribute in row.attributes { text += "- Attribute \(attribute.article)\n" }
            text += "- Since format version \(row.since)\n\n"
        }
        text.removeLast()
        return text
    }
}

extension OperationSpecification.Role {
    fileprivate var article: String { "`\(name)`" + (isOptional ? "?" : isVariadic ? "…" : "") }
}

extension OperationSpecification.Attribute {
    fileprivate var article: String {
        let rule =
            switch defaultValue {
            case .integer(let value)?: "default \(value)"
            case .number(let value)?: "default \(value)"
            case .boolean(let value)?: "default \(value)"
            case .integers(let value)?: "default \(value)"
            case .text(let value)?: "default `\(value)`"
            case nil: isOptional ? "may be absent" : "must be given"
            }
        return "`\(name)` (\(kind.article)): \(rule)"
    }
}

extension OperationSpecification.Attribute.Kind {
    fileprivate var article: String {
        switch self {
        case .integer: "integer"
        case .number: "number"
        case .boolean: "true or false"
        case .integers: "list of integers"
        case .elementType: "element type"
        case .graph: "name of a graph"
        case .text(let allowed): allowed.map { "`\($0)`" }.joined(separator: ", ")
        }
    }
}

extension String {
    fileprivate var escapedForMarkdown: String {
        map { "*_<>[]|`".contains($0) ? "\\\($0)" : String($0) }.joined()
    }
}
