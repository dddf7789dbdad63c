extension Tensor: CustomStringConvertible, CustomDebugStringConvertible {
    /// The elements as NumPy prints an array; of more than 1,000 the first and last three along each axis.
    public var description: String {
        guard rank > 0 else { return Scalar._text(base[layout.offset]) }
        guard count > 0 else { return "[]" }
        return TensorText(self).text
    }

    /// Type and shape before the elements.
    public var debugDescription: String { "Tensor<\(Scalar.self)>, shape \(shape)\n\(description)" }
}

/// The lines of a tensor with axes.
private struct TensorText<Scalar: TensorScalar> {
    private static var lineWidth: Int { 75 }
    private static var edge: Int { 3 }

    private let shape: [Int]
    private let isShort: Bool
    /// The texts of the elements that are shown, in row-major order, and which are taken.
    private let words: [String]

    init(_ tensor: Tensor<Scalar>) {
        shape = tensor.shape
        isShort = tensor.count > 1000
        var shown = tensor
        if isShort {
            for axis in 0..<shape.count where shape[axis] > 2 * TensorText.edge {
                let ends = Array(0..<Int64(TensorText.edge)) + (Int64(-TensorText.edge)..<0)
                shown = (try? shown.gather(Tensor<Int64>(ends), axis: axis)) ?? shown
            }
        }
        words = Scalar._texts(shown.scalars)
    }

    var text: String {
        var next = 0
        return text(0, " ", TensorText.lineWidth, &next)
    }

    private func text(_ axis: Int, _ indent: String, _ width: Int, _ next: inout Int) -> String {
        let isCut = isShort && shape[axis] > 2 * TensorText.edge
        let count = isCut ? 2 * TensorText.edge : shape[axis]
        var text = ""
        if axis == shape.count - 1 {
            var line = indent
            func add(_ word: String) {
                if line.utf8.count + word.utf8.count > width - 1, line.utf8.count > indent.utf8.count {
                    while line.hasSuffix(" ") { line.removeLast() }
                    text += line + "\n"
                    line = indent
                }
                line += word
            }
            for index in 0..<count {
                if isCut, index == TensorText.edge {
                    add("...")
                    line += " "
                }
                add(words[next])
                next += 1
                if index < count - 1 { line += " " }
            }
            text += line
        } else {
            let separator = String(repeating: "\n", count: shape.count - axis - 1)
            for index in 0..<count {
                if isCut, index == TensorText.edge { text += indent + "..." + separator }
                text += indent + self.text(axis + 1, indent + " ", width - 1, &next)
                if index < count - 1 { text += separator }
            }
        }
        return "[" + text.dropFirst(indent.count) + "]"
    }
}
