import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels

/// What follows a matrix product or a convolution in the same step:
///
///     y = activation(product + bias + addend) + residual
struct ProductEnding {
    var activation: ActivationFunction = .linear
    /// One number a column, or one for all: x < 0 ? slope·x : x. The activation is `linear` then.
    var slopes: StoredTensor?
    /// A value added before the activation. It has the result's rows, and its columns or the first of them.
    var addend: Int?
    /// Columns of the addend.
    var addendColumns = 0
    /// A value of the result's shape, added after the activation.
    var residual: Int?

    var added: AddedValues { AddedValues(addend: addend, residual: residual) }
    var reads: [Int] { [addend, residual].compactMap(\.self) }

    var hasActivation: Bool { activation != .linear || slopes != nil }

    var label: String {
        (addend == nil ? "" : " +addend") + (slopes == nil ? "" : " prelu")
            + (activation == .linear ? "" : " \(activation.rawValue)") + (residual == nil ? "" : " +residual")
    }
}

/// The values that are added to a product, without the ending's weights: closures that are bound later keep no weights.
struct AddedValues {
    let addend: Int?
    let residual: Int?

    func operands(_ layout: Layout) -> (addend: Operand?, residual: Operand?) {
        (addend.map { layout.operand($0) }, residual.map { layout.operand($0) })
    }
}

extension StepBuilder {
    /// The last step of a product, without what is added to it; an activation that kernels do not have is left out.
    mutating func epilogue(
        _ ending: ProductEnding, bias: ConstantAddress?, columns: Int, at name: String
    ) throws(Fault) -> Epilogue {
        var epilogue = Epilogue(bias: bias?.floats, activation: ending.activation.epilogue ?? .linear)
        if ending.addend != nil {
            epilogue.rowTableStride = ending.addendColumns
            epilogue.rowTableColumns = ending.addendColumns
        }
        if let slopes = ending.slopes {
            guard let numbers = slopes.tensor.elements(as: Float.self), [1, columns].contains(numbers.count) else {
                throw Fault(
                    .shapeMismatch, at: "node '\(name)'", "there is not one slope for each column",
                    found: "\(slopes.tensor.shape)", expected: "\(columns)")
            }
            epilogue.activation = .prelu
            epilogue.slopes =
                ConstantAddress(
                    makeBuffer(byteCount: columns * 4) { bytes in
                        let floats = bytes.assumingMemoryBound(to: Float.self)
                        for column in 0..<columns { floats[column] = numbers[numbers.count == 1 ? 0 : column] }
                    }
                ).floats
        }
        return epilogue
    }
}

/// An activation that is not available in a kernel's last step, and the residual after it.
struct DenseFinish: Sendable {
    private let activation: ElementwiseActivation?
    let columns: Int
    let add:
        @Sendable (BinaryOperation, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) ->
            Void

    init(_ ending: ProductEnding, columns: Int, kernels: KernelSet) {
        activation =
            ending.activation.epilogue == nil ? ElementwiseActivation(ending.activation, kernels: kernels) : nil
        self.columns = columns
        add = kernels.binary
    }

    /// Whether the activation needs a separate pass. If so, the residual is added there too: it comes after it.
    var isNeeded: Bool { activation != nil }

    func run(_ output: UnsafeMutablePointer<Float>, _ residual: UnsafePointer<Float>?, _ range: Range<Int>) {
        let start = output + range.lowerBound &* columns
        let count = range.count &* columns
        activation?.apply(start, start, count)
        if let residual { add(.add, start, residual + range.lowerBound &* columns, start, count) }
    }
}
