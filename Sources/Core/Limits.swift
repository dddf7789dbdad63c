/// Limits on the memory and work that a model's file can ask for. What exceeds a limit is refused before memory or time
/// is spent on it.
package struct Limits: Sendable, Hashable {
    /// The limits, by their public names.
    package enum Name: String, Sendable, CaseIterable {
        case fileBytes, manifestBytes, tensors, graphs, nodes, rank, valueBytes, constantBytes, memoryBytes, operations
    }

    /// Bytes of any file of a model except the manifest.
    package var fileBytes = 1 << 30
    /// Bytes of a manifest, and of any other JSON text that describes a model.
    package var manifestBytes = 16 << 20
    /// Tensors that a file describes.
    package var tensors = 1 << 16
    /// Graphs of a model: the main one, and the bodies of loops and branches.
    package var graphs = 1 << 10
    /// Nodes of all graphs. Those of a body count again for each node that runs it.
    package var nodes = 1 << 16
    /// Axes of a tensor or value.
    package var rank = 8
    /// Bytes of a single value that a model computes.
    package var valueBytes = 1 << 28
    /// Bytes of all constants that are computed while a model is compiled.
    package var constantBytes = 1 << 28
    /// Bytes of working memory of a prediction.
    package var memoryBytes = 1 << 30
    /// Elementary operations of a prediction, in all rounds of all loops: see `Work`.
    package var operations = 100_000_000_000

    package init() {}

    /// The allowed values of a limit. Up to these, products of counts do not overflow.
    package static func range(of name: Name) -> ClosedRange<Int> {
        switch name {
        case .fileBytes, .valueBytes, .constantBytes: 1...1 << 32
        case .manifestBytes: 1...1 << 28
        case .tensors, .graphs, .nodes: 1...1 << 24
        case .rank: 1...8
        case .memoryBytes: 1...1 << 40
        case .operations: 1...1 << 60
        }
    }

    package subscript(name: Name) -> Int {
        get { self[keyPath: Limits.path(name)] }
        set { self[keyPath: Limits.path(name)] = newValue }
    }

    private static func path(_ name: Name) -> WritableKeyPath<Limits, Int> {
        switch name {
        case .fileBytes: \.fileBytes
        case .manifestBytes: \.manifestBytes
        case .tensors: \.tensors
        case .graphs: \.graphs
        case .nodes: \.nodes
        case .rank: \.rank
        case .valueBytes: \.valueBytes
        case .constantBytes: \.constantBytes
        case .memoryBytes: \.memoryBytes
        case .operations: \.operations
        }
    }

    /// - Throws: `invalidArgument` for a limit that is out of range.
    package func validate() throws(Fault) {
        for name in Name.allCases where !Limits.range(of: name).contains(self[name]) {
            let range = Limits.range(of: name)
            throw Fault(
                .invalidArgument, at: "limits.\(name.rawValue)", "the limit is out of range", found: "\(self[name])",
                expected: "\(range.lowerBound) to \(range.upperBound)")
        }
    }

    /// - Parameter place: found out for an error alone: a line's number takes time that grows with the file.
    /// - Throws: `limitExceeded` if `count` exceeds the limit; the message names the limit and how to raise it.
    package func check(
        _ name: Name, _ count: Int, at place: @autoclosure () -> String = "", _ problem: @autoclosure () -> String,
        found: @autoclosure () -> String? = nil
    ) throws(Fault) {
        guard count > self[name] else { return }
        throw exceeded(name, at: place(), problem(), found: found() ?? "\(count)")
    }

    package func exceeded(
        _ name: Name, at place: String = "", _ problem: String, found: String? = nil
    ) -> Fault {
        Fault(.limitExceeded, at: place, problem, found: found, expected: expectation(name))
    }

    /// `at most 8; the limit 'rank'`
    package func expectation(_ name: Name) -> String { "at most \(self[name]), the limit '\(name.rawValue)'" }
}
