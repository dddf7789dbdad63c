package import EmotionFormerCore

/// The arithmetic of an LSTM of integers, from its attributes and quantizations.
extension NodeContext {
    /// What `integerLSTM` checks, without its tables.
    func checkIntegerLSTM() throws(Fault) { _ = try integerLSTMScales() }

    package func integerLSTM() throws(Fault) -> IntegerLSTM { IntegerLSTM(try integerLSTMScales()) }

    private func integerLSTMScales() throws(Fault) -> IntegerLSTMScales {
        func scales(_ positions: Range<Int>) throws(Fault) -> [Float] {
            var scales: [Float] = []
            for position in positions {
                let weights = try quantization(position)
                guard weights.zeroPoint == 0 else {
                    throw Fault(
                        .invalidValue, at: place(position), "the zero point of the weights is not 0",
                        found: "\(weights.zeroPoint)")
                }
                scales.append(weights.scale)
            }
            return scales
        }
        return try IntegerLSTMScales(
            input: quantization(0), weights: scales(1..<5), recurrentWeights: scales(5..<9),
            state: try stated("state"), hidden: try stated("hidden"), cellScale: Float(attributes.number("cellScale")),
            cellClip: Float(attributes.number("cellClip")))
    }

    /// A quantization that attributes state: `stateScale` and `stateZeroPoint`.
    package func stated(_ name: String) throws(Fault) -> ValueQuantization {
        let scale = Float(try attributes.number("\(name)Scale"))
        let zeroPoint = try attributes.integer("\(name)ZeroPoint")
        guard scale > 0, scale.isFinite else {
            throw Fault(
                .invalidValue, at: "attribute '\(name)Scale'", "the scale is not positive and finite", found: "\(scale)"
            )
        }
        guard (-128...127).contains(zeroPoint) else {
            throw Fault(
                .invalidValue, at: "attribute '\(name)ZeroPoint'", "the zero point is out of range",
                found: "\(zeroPoint)", expected: "-128 to 127")
        }
        return ValueQuantization(scale: scale, zeroPoint: zeroPoint)
    }
}
