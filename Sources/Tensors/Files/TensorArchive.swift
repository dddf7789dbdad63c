import EmotionFormerCore
import EmotionFormerFiles

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// Tensors by name in one file: NumPy's `npz`.
///
/// ```swift
/// var archive = TensorArchive()
/// archive.add("scores", scores)
/// try archive.write(to: url)
/// let scores = try TensorArchive(contentsOf: url).tensor("scores", of: Float.self)
/// ```
public struct TensorArchive: Sendable {
    private var members: [(name: String, bytes: ArraySlice<UInt8>)] = []

    /// An archive without tensors.
    public init() {}

    /// The tensors of an `npz` file, stored or deflated.
    /// - Throws: `missing`, `unreadableFile`, `malformedFile`.
    public init(contentsOf url: URL) throws(TensorError) {
        members = try named { () throws(Fault) in
            let bytes = try ByteSource.path(url.path).bytes()
            do throws(FileFormatError) {
                let archive = try ZipArchive(bytes)
                var members: [(name: String, bytes: ArraySlice<UInt8>)] = []
                for member in archive.members {
                    let name = member.name.hasSuffix(".npy") ? String(member.name.dropLast(4)) : member.name
                    members.append((name, try archive.contents(of: member)))
                }
                return members
            } catch {
                throw error.fault(malformed: .invalidValue).within(url.path)
            }
        }
    }

    /// The names, in the file's order.
    public var names: [String] { members.map(\.name) }

    /// Adds a tensor, or replaces the one of that name.
    public mutating func add<Scalar>(_ name: String, _ tensor: Tensor<Scalar>) {
        members.removeAll { $0.name == name }
        members.append((name, tensor.numPyBytes[...]))
    }

    /// A tensor by its name.
    /// - Throws: `missing`, with the names there are; `elementTypeMismatch`; `malformedFile`.
    public func tensor<Scalar>(_ name: String, of type: Scalar.Type) throws(TensorError) -> Tensor<Scalar> {
        guard let member = members.first(where: { $0.name == name }) else {
            throw TensorError(
                .missing, at: "archive", "there is no tensor of this name", found: name,
                expected: names.joined(separator: ", "))
        }
        return try named { () throws(Fault) in
            do throws(Fault) {
                return try NumPyTensor.read(member.bytes, as: Scalar.self)
            } catch {
                throw error.within(name)
            }
        }
    }

    /// Writes NumPy's `npz` file in one step; it replaces another zip file, and nothing else.
    /// - Throws: `writeFailed`, what stood there is then unchanged; `tooLarge` beyond 4 GiB.
    public func write(to url: URL) throws(TensorError) {
        try named { () throws(Fault) in
            let bytes = try ZipWriter.bytes(members.map { ("\($0.name).npy", Array($0.bytes)) })
            let file = try OutputFile(url.path, what: "NumPy archive") { start in
                start.starts(with: [0x50, 0x4B, 3, 4]) || start.starts(with: [0x50, 0x4B, 5, 6])
            }
            try file.write(bytes)
        }
    }
}
