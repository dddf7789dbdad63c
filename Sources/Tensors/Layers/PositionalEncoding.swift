import EmotionFormerSystem

/// x + a row of a table for each place in time.
public struct PositionalEncoding: Sendable {
    /// places × features.
    public let table: Tensor<Float>

    /// Learned positions.
    /// - Parameter table: places × features.
    /// - Throws: `shapeMismatch` for a table without two axes.
    public init(table: Tensor<Float>) throws(TensorError) {
        guard table.rank == 2 else { throw wrongShape("positions", "the table", table.shape, "[places, features]") }
        self.table = table
    }

    /// The sinusoidal positions of "Attention Is All You Need": for each pair of features the sine and the cosine of
    /// place/10000^(2i/features).
    /// - Throws: `invalidArgument` for a negative number; `tooLarge`.
    public static func sinusoidal(places: Int, features: Int) throws(TensorError) -> PositionalEncoding {
        var table = try Tensor<Float>.zeros([places, features])
        table.withUnsafeMutableBufferPointer { elements in
            for place in 0..<places {
                for feature in 0..<features {
                    let angle = Double(place) / pow(10_000, Double(feature & ~1) / Double(features))
                    elements[place * features + feature] = Float(feature & 1 == 0 ? sin(angle) : cos(angle))
                }
            }
        }
        return try PositionalEncoding(table: table)
    }

    /// - Parameter x: batch × time × features.
    /// - Throws: `shapeMismatch` for more places than the table has, or other features.
    public func callAsFunction(_ x: Tensor<Float>) throws(TensorError) -> Tensor<Float> {
        guard x.rank >= 2, x.shape[x.rank - 2] <= table.shape[0], x.shape[x.rank - 1] == table.shape[1] else {
            throw wrongShape(
                "positions", "the input", x.shape,
                "batch × at most \(table.shape[0]) places × \(table.shape[1]) features")
        }
        return try x.adding(table.slice(0..<x.shape[x.rank - 2]))
    }
}
