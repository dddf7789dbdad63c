import EmotionFormer

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a page shows of a video: its size, and if they are wanted its pictures, made small. Of a long video only every
/// second, fourth, … one is kept, so that memory and the page are bounded.
struct ClipPictures: Sendable {
    /// Of the last picture; nil before the first.
    private(set) var size: (width: Int, height: Int)?
    private let keepsPictures: Bool
    private var frames: [(number: Int, file: [UInt8])] = []
    private var step = 1

    private static let limit = 600
    private static let longestSide = 320

    init(keepsPictures: Bool) { self.keepsPictures = keepsPictures }

    var isEmpty: Bool { frames.isEmpty }

    mutating func add(_ picture: TimedPicture, number: Int) {
        size = (picture.width, picture.height)
        guard keepsPictures, number.isMultiple(of: step) else { return }
        let small = JPEGPicture(
            picture.pixels, width: picture.width, height: picture.height, longestSide: ClipPictures.longestSide)
        frames.append((number, small.bytes))
        guard frames.count > ClipPictures.limit else { return }
        step *= 2
        frames.removeAll { !$0.number.isMultiple(of: step) }
    }

    /// Numbers of frames, and a picture for each.
    var json: String {
        let numbers = frames.map { String($0.number) }.joined(separator: ",")
        let files = frames.map { "\"\(Data($0.file).base64EncodedString())\"" }.joined(separator: ",")
        return "{\"frames\":[\(numbers)],\"files\":[\(files)]}"
    }
}
