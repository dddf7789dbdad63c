extension Program {
    /// The program with float32 inputs and outputs where the main graph has quantized ones.
    ///
    /// An input is quantized before anything else, as its caller would do it: the exact quotient, rounded half away from zero;
    /// an output is dequantized at the end. Both keep their names; the integers behind them get others.
    package func withRealInterface() -> Program {
        guard var main = graphs.first else { return self }
        var taken = main.ownNames
        func unused(_ wanted: String) -> String {
            var name = wanted
            while !taken.insert(name).inserted { name += "_" }
            return name
        }
        /// The new names of integers by their old ones.
        var renamed: [String: String] = [:]
        var first: [Node] = []
        for index in main.inputs.indices where main.inputs[index].elementType.quantizedRange != nil {
            let input = main.inputs[index]
            guard let quantization = main.quantizations[input.name] else { continue }
            let integers = unused("\(input.name)/quantized")
            renamed[input.name] = integers
            first.append(
                Node(
                    .quantize, name: unused("quantize \(input.name)"), inputs: [input.name], outputs: [integers],
                    attributes: [
                        "to": .text(input.elementType.rawValue), "scale": .number(Double(quantization.scale)),
                        "zeroPoint": .integer(quantization.zeroPoint), "rule": .text("exact"),
                    ]))
            main.inputs[index].elementType = .float32
        }
        var last: [Node] = []
        for name in Set(main.outputs).sorted() {
            guard main.quantizations[name] != nil else { continue }
            // An input that is an output as well has its new name already.
            let integers = renamed[name] ?? unused("\(name)/quantized")
            if renamed[name] != nil {
                let real = unused("\(name)/dequantized")
                main.outputs = main.outputs.map { $0 == name ? real : $0 }
                last.append(Node(.dequantize, name: unused("dequantize \(name)"), inputs: [integers], outputs: [real]))
            } else {
                renamed[name] = integers
                last.append(Node(.dequantize, name: unused("dequantize \(name)"), inputs: [integers], outputs: [name]))
            }
        }
        guard !renamed.isEmpty else { return self }
        main.nodes = main.nodes.map { node in
            var node = node
            node.inputs = node.inputs.map { $0.map { renamed[$0] ?? $0 } }
            node.outputs = node.outputs.map { renamed[$0] ?? $0 }
            return node
        }
        main.nodes = first + main.nodes + last
        main.variables = main.variables.map { variable in
            var variable = variable
            variable.input = renamed[variable.input] ?? variable.input
            variable.output = renamed[variable.output] ?? variable.output
            return variable
        }
        main.quantizations = Dictionary(
            main.quantizations.map { (renamed[$0] ?? $0, $1) }, uniquingKeysWith: { first, _ in first })
        var result = self
        result.graphs[0] = main
        return result
    }
}
