/// A variable of a model: a value that a run finds as the run before left it.
///
/// In a graph it is an input and an output: the nodes read what it was before the run, and one of the graph's values is
/// what it becomes. The order of reads and assignments is therefore that of the data, and rewrites cannot change it.
package struct GraphVariable: Sendable, Hashable {
    package var name: String
    /// The value that holds it before a run; no node makes it.
    package var input: String
    /// The value that it becomes: any of the graph's, of the same type.
    package var output: String
    /// The stored tensor that it is before the first run. It has the variable's type and shape.
    package var initial: String
    /// Whether it is where a fused LSTM goes on: callers for whom each clip starts anew import a file without it.
    package var isState: Bool

    package init(name: String, input: String, output: String, initial: String, isState: Bool = false) {
        self.name = name
        self.input = input
        self.output = output
        self.initial = initial
        self.isState = isState
    }
}
