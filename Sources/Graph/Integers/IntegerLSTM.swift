import EmotionFormerCore

/// The factors of TensorFlow Lite's LSTM with int8 weights and activations and an int16 cell state.
package struct IntegerLSTMScales: Sendable {
    /// One for each gate: input, forget, cell, output.
    let input: [FixedPointScale]
    let recurrent: [FixedPointScale]
    /// From output gate times tanh(cell) to the output.
    let output: FixedPointScale
    /// The cell's unit is 2^cellExponent.
    let cellExponent: Int
    /// In units of the cell; 0: not clipped.
    let cellClip: Int
    let hiddenZeroPoint: Int

    /// - Parameters:
    ///   - weights: the scales of the input's kernels, in the order of the gates.
    ///   - state: of the output that goes to the next step.
    ///   - hidden: of the output before it is stored.
    init(
        input: ValueQuantization, weights: [Float], recurrentWeights: [Float], state: ValueQuantization,
        hidden: ValueQuantization, cellScale: Float, cellClip: Float
    ) throws(Fault) {
        let unit: Float = 0x1p-12
        self.input = try weights.map { (scale) throws(Fault) in
            try FixedPointScale(Double((scale * input.scale) / unit))
        }
        recurrent = try recurrentWeights.map { (scale) throws(Fault) in
            try FixedPointScale(Double((scale * state.scale) / unit))
        }
        output = try FixedPointScale(Double(Float(0x1p-15 / Double(hidden.scale) * 0x1p-15)))
        let exponent = Int(cellScale.exponent)
        guard cellScale == Float(sign: .plus, exponent: exponent, significand: 1), (-15 ... -9).contains(exponent)
        else {
            throw Fault(
                .unsupportedAttribute, at: "quantization", "the cell's scale is not supported", found: "\(cellScale)",
                expected: "2⁻¹⁵ … 2⁻⁹")
        }
        cellExponent = exponent
        self.cellClip =
            cellClip > 0 ? FixedPoint.clamped(Int(min(cellClip / cellScale, 32767)), 0...32767) : 0
        hiddenZeroPoint = hidden.zeroPoint
    }
}

/// The arithmetic of that LSTM. Gates are int16 numbers in units of 2⁻¹²; their functions are tables of 65,536 numbers.
package struct IntegerLSTM: Sendable {
    private let scales: IntegerLSTMScales
    private let sigmoid: [Int16]
    private let gateTangent: [Int16]
    private let cellTangent: [Int16]

    package init(_ scales: IntegerLSTMScales) {
        self.scales = scales
        sigmoid = GateFunction.sigmoid
        gateTangent = GateFunction.tangent(integerBits: 3)
        cellTangent = GateFunction.tangent(integerBits: 15 + scales.cellExponent)
    }

    /// An input's or state's part of a gate before its function.
    package func gate(_ first: Int, _ second: Int, _ index: Int) -> Int {
        let part = FixedPoint.saturated16(scales.input[index].roundedTwice(first))
        return FixedPoint.saturated16(part + scales.recurrent[index].roundedTwice(second))
    }

    /// The next cell state from the gates before their functions.
    package func cell(_ input: Int, _ forget: Int, _ candidate: Int, _ previous: Int) -> Int {
        let i = Int(sigmoid[input + 32768])
        let f = Int(sigmoid[forget + 32768])
        let c = Int(gateTangent[candidate + 32768])
        let kept = FixedPoint.wrapped16(FixedPoint.shiftedRight(f * previous, 15))
        let added = FixedPoint.wrapped16(FixedPoint.shiftedRight(i * c, 30 + scales.cellExponent))
        let next = FixedPoint.saturated16(kept + added)
        return scales.cellClip > 0 ? FixedPoint.clamped(next, -scales.cellClip...scales.cellClip) : next
    }

    /// The output of a step, int8.
    package func hidden(_ output: Int, _ cell: Int) -> Int {
        let product = Int(sigmoid[output + 32768]) * Int(cellTangent[cell + 32768])
        return FixedPoint.clamped(scales.output.roundedTwice(product) + scales.hiddenZeroPoint, -128...127)
    }
}
