public import EmotionFormer
import EmotionFormerCore

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension ImageFrame {
    /// Reads a picture: PNG (every kind), PPM or PGM, whatever its name. It becomes `rgb`; transparency is left out, and
    /// the colors stay as they are stored.
    /// - Parameter url: a file URL.
    /// - Throws: `missingFile`, `unreadableFile`; `invalidValue` for a file that is none of these or broken,
    ///   `checksumMismatch`, `sizeMismatch`; `limitExceeded` for more than 64 Mi pixels or a side beyond ``largestSide``.
    public init(contentsOf url: URL) throws(EmotionFormerError) {
        guard url.isFileURL else {
            throw EmotionFormerError(
                Fault(.invalidArgument, at: url.absoluteString, "only files are read", expected: "a file URL"))
        }
        try self.init(path: url.path)
    }

    /// Reads the picture at a path like `init(contentsOf:)`.
    public init(path: String) throws(EmotionFormerError) {
        let picture: Picture
        do throws(Fault) { picture = try Picture(path: path) } catch { throw EmotionFormerError(error) }
        try self.init(format: .rgb, width: picture.width, height: picture.height, bytes: picture.bytes)
    }
}
