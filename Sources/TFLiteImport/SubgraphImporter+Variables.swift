import EmotionFormerGraph
import EmotionFormerTensors

/// The variables of a file that its first run sets, by name.
///
/// A prediction starts anew: a variable has its first value until the prediction sets it, and what it sets is not kept.
final class Variables {
    /// What a variable is called: two variables of one name in different containers are not the same.
    fileprivate struct Name: Hashable, CustomStringConvertible {
        let container: String
        let shared: String

        var description: String { container.isEmpty ? "'\(shared)'" : "'\(shared)' in '\(container)'" }
    }

    /// Where the constants are that the variables are set to: subgraph and tensor.
    fileprivate var first: [Name: (subgraph: Int, tensor: Int)] = [:]
    /// The subgraphs that have set variables. LiteRT, too, runs each of them once.
    fileprivate var run: Set<Int> = []
    /// The values that the main subgraph has set so far.
    fileprivate var current: [Name: String] = [:]
    /// Names of variables by the main subgraph's handles.
    fileprivate var handles: [Int: Name] = [:]
}

/// Operators on variables.
enum VariableOperator: String {
    case callOnce = "CALL_ONCE"
    case handle = "VAR_HANDLE"
    case read = "READ_VARIABLE"
    case assign = "ASSIGN_VARIABLE"
}

extension SubgraphImporter {
    func importVariable(_ reader: OperatorReader, _ kind: VariableOperator) throws(Fault) {
        guard index == 0 else {
            throw reader.unsupported("uses variables inside of a loop or branch, which is not supported")
        }
        switch kind {
        case .callOnce: try setOnce(reader)
        case .handle:
            try reader.expect(inputs: 0...0)
            let name = try SubgraphImporter.variable(reader.options(111))
            variables.handles[reader.outputs[0]] = name
            made(reader.outputs[0])
        case .read:
            try reader.expect(inputs: 1...1)
            let name = try handle(try reader.input(0), reader)
            if let value = variables.current[name] { return try emit(reader, .identity, [value]) }
            guard let place = variables.first[name] else {
                throw reader.unsupported(
                    "reads a variable before anything sets it, which is not supported", found: "\(name)")
            }
            try constant(reader, file.subgraphs[place.subgraph].tensors[place.tensor])
        case .assign:
            try reader.expect(inputs: 2...2, outputs: 0)
            variables.current[try handle(try reader.input(0), reader)] = try value(try reader.input(1))
        }
    }

    private func handle(_ tensor: Int, _ reader: OperatorReader) throws(Fault) -> Variables.Name {
        guard let name = variables.handles[tensor] else {
            throw reader.unsupported("takes a variable that no VAR_HANDLE names", found: reader.place(tensor))
        }
        return name
    }

    private static func variable(_ options: OperatorOptions) throws(Fault) -> Variables.Name {
        Variables.Name(
            container: try options.table?.string(0) ?? "", shared: try options.table?.string(1) ?? "")
    }

    /// Reads a subgraph that sets variables to constants, which is all that it may do.
    private func setOnce(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 0...0, outputs: 0)
        let target = try reader.options(103).integer(0)
        guard file.subgraphs.indices.contains(target), target != 0 else {
            throw Fault(
                .outOfBounds, at: "", "the operator runs a subgraph that is not there or is the main one",
                found: "\(target)", expected: "1..<\(file.subgraphs.count)")
        }
        guard variables.run.insert(target).inserted else { return }
        var handles: [Int: Variables.Name] = [:]
        for (position, operation) in file.subgraphs[target].operators.enumerated() {
            let inner = OperatorReader(file: file, subgraph: target, index: position, operation: operation)
            switch VariableOperator(rawValue: inner.name) {
            case .handle?:
                try inner.expect(inputs: 0...0)
                handles[inner.outputs[0]] = try SubgraphImporter.variable(inner.options(111))
            case .assign?:
                try inner.expect(inputs: 2...2, outputs: 0)
                let value = try inner.input(1)
                guard let name = handles[try inner.input(0)], file.isConstant(inner.tensor(value)) else {
                    throw reader.unsupported(
                        "sets a variable to what it computes, which is not supported",
                        found: inner.place(value))
                }
                variables.first[name] = (target, value)
            default:
                throw reader.unsupported(
                    "runs a subgraph that does more than to set variables to constants, which is not supported",
                    found: "\(inner.name) in subgraph \(target)")
            }
        }
    }
}
