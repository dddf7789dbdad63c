import EmotionFormerCore

extension TFLiteFile {
    /// The deepest nesting of loops and branches.
    static let maximumNesting = 16

    /// The subgraphs that an operator runs: a loop's condition and body, a branch's two sides; none for the others.
    /// - Throws: `malformedTFLite` if the operator does not say which.
    func calls(of operation: Operator) throws(Fault) -> [Int] {
        let expectedType: Int
        switch operatorCodes[operation.code].builtin.name {
        case "IF": expectedType = 92
        case "WHILE": expectedType = 93
        default: return []
        }
        guard operation.optionsType == expectedType, let options = operation.options else {
            throw Fault(.malformedTFLite, at: "", "the operator does not say which subgraphs it runs")
        }
        return [Int(try options.number(0, default: 0 as Int32)), Int(try options.number(1, default: 0 as Int32))]
    }

    /// Checks the subgraphs that operators run: they exist, none runs itself, and they fit the operands.
    func validateCalls() throws(Fault) {
        var called = [[Int]](repeating: [], count: subgraphs.count)
        for subgraph in subgraphs.indices {
            for (index, operation) in subgraphs[subgraph].operators.enumerated() {
                do throws(Fault) {
                    let targets = try calls(of: operation)
                    for target in targets where !subgraphs.indices.contains(target) || target == 0 {
                        throw Fault(
                            .outOfBounds, at: "", "the operator runs a subgraph that is not there or is the main one",
                            found: "\(target)", expected: "1..<\(subgraphs.count)")
                    }
                    called[subgraph] += targets
                } catch {
                    throw error.within(place(operator: index, subgraph: subgraph))
                }
            }
        }
        try validateNesting(called)
    }

    /// Removes, level by level, the subgraphs that no remaining one runs. What is left contains a cycle.
    private func validateNesting(_ called: [[Int]]) throws(Fault) {
        var callers = [Int](repeating: 0, count: called.count)
        for target in called.joined() { callers[target] += 1 }
        var level = callers.indices.filter { callers[$0] == 0 }
        var done = 0
        var depth = 0
        while !level.isEmpty {
            depth += 1
            done += level.count
            guard depth <= TFLiteFile.maximumNesting else {
                throw Fault(
                    .limitExceeded, at: "", "loops and branches are nested too deep",
                    expected: "at most \(TFLiteFile.maximumNesting) levels")
            }
            var next: [Int] = []
            for target in level.flatMap({ called[$0] }) {
                callers[target] -= 1
                if callers[target] == 0 { next.append(target) }
            }
            level = next
        }
        guard done == called.count else {
            let index = callers.firstIndex { $0 > 0 } ?? 0
            throw Fault(.cyclicGraph, at: place(subgraph: index), "subgraphs run each other in a circle")
        }
    }
}
