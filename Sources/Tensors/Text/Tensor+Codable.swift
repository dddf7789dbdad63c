extension Tensor: Codable {
    private enum Key: String, CodingKey {
        case shape, scalars
    }

    /// Two fields: `shape`, and `scalars` in row-major order.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(shape, forKey: .shape)
        try container.encode(scalars, forKey: .scalars)
    }

    /// - Throws: what the decoder throws; `dataCorrupted` if the number of elements does not fit the shape.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let shape = try container.decode([Int].self, forKey: .shape)
        let scalars = try container.decode([Scalar].self, forKey: .scalars)
        do throws(TensorError) {
            try self.init(scalars, shape: shape)
        } catch {
            throw DecodingError.dataCorruptedError(
                forKey: .scalars, in: container, debugDescription: error.description)
        }
    }
}
