import EmotionFormer
import EmotionFormerFiles

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The faces of a clip for a page: x and y of every landmark in 16 bits, for a limited number of frames.
struct FaceFrames {
    /// The indices of the frames that are drawn.
    let frames: [Int]
    /// Two 16-bit numbers per landmark, 0 … 65534 over the bounding box of all frames, little-endian, in base64. All
    /// are 65535 in a frame without a face.
    let coordinates: String
    /// Width ÷ height of the bounding box of all frames.
    let boxAspect: Double
    /// Width ÷ height of the video's picture.
    let pictureAspect: (name: String, value: Double)
    /// Whether that is guessed from the shape of the face.
    let isGuess: Bool

    private static let frameLimit = 1500
    private static let aspects: [(name: String, value: Double)] = [
        ("9:16", 0.5625), ("3:4", 0.75), ("1:1", 1), ("4:3", 4.0 / 3), ("16:9", 16.0 / 9),
    ]
    /// Height ÷ width of a typical face, from forehead (10) to chin (152) and from ear (234) to ear (454): the median
    /// of the six clips in Tests/Fixtures/cremad, whose picture is 4:3.
    private static let usualRatio = 1.23

    /// nil if the clip's frames are not 478 landmarks.
    /// - Parameters:
    ///   - step: how many of the page's frames one frame of the clip stands for.
    ///   - size: of the video's picture, if it is known.
    init?(_ clip: LandmarkClip, step: Int = 1, size: (width: Int, height: Int)? = nil) {
        let count = FaceContours.landmarkCount
        let hasFaces = clip.landmarkCount.map { $0 == count } ?? (clip.featureCount == count * 3)
        let present = Set(0..<clip.frameCount).subtracting(clip.missingFrames).sorted()
        guard hasFaces, !present.isEmpty else { return nil }
        func value(_ frame: Int, _ landmark: Int, _ axis: Int) -> Double {
            Double(clip.values[frame * clip.featureCount + landmark * 3 + axis])
        }
        var (low, high) = ([Double.infinity, .infinity], [-Double.infinity, -.infinity])
        for frame in present {
            for landmark in 0..<count {
                for axis in 0..<2 {
                    low[axis] = min(low[axis], value(frame, landmark, axis))
                    high[axis] = max(high[axis], value(frame, landmark, axis))
                }
            }
        }
        guard high[0] > low[0], high[1] > low[1] else { return nil }
        let ratios = present.map { frame in
            let height = value(frame, 152, 1) - value(frame, 10, 1)
            let width = value(frame, 454, 0) - value(frame, 234, 0)
            return width == 0 ? 0 : abs(height / width)
        }.filter { !$0.isNaN }.sorted()
        let ratio = ratios.isEmpty ? FaceFrames.usualRatio : ratios[ratios.count / 2]
        // In fractions of the picture's size, a face is stretched in height by the picture's aspect ratio.
        let isInPixels = max(abs(high[0]), abs(high[1])) > 10
        let aspect =
            FaceFrames.aspects.min {
                abs($0.value - ratio / FaceFrames.usualRatio) < abs($1.value - ratio / FaceFrames.usualRatio)
            }
            ?? ("1:1", 1)
        isGuess = size == nil
        pictureAspect =
            size.map { ("\($0.width) × \($0.height) pixels", Double($0.width) / Double($0.height)) }
            ?? (isInPixels ? ("1:1", 1) : aspect)
        boxAspect = (high[0] - low[0]) / (high[1] - low[1]) * pictureAspect.value
        let thinning = (clip.frameCount + FaceFrames.frameLimit - 1) / FaceFrames.frameLimit
        let kept = Array(stride(from: 0, to: clip.frameCount, by: thinning))
        frames = kept.map { $0 * step }
        let missing = Set(clip.missingFrames)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(kept.count * count * 4)
        for frame in kept {
            for landmark in 0..<count {
                for axis in 0..<2 {
                    let place = (value(frame, landmark, axis) - low[axis]) / (high[axis] - low[axis])
                    let number =
                        missing.contains(frame) ? UInt16.max : UInt16(saturating: min(max(place, 0), 1) * 65534)
                    bytes += [UInt8(number & 0xFF), UInt8(number >> 8)]
                }
            }
        }
        coordinates = Data(bytes).base64EncodedString()
    }

    var json: String {
        "{\"frames\":[\(frames.map(String.init).joined(separator: ","))],\"landmarks\":\(FaceContours.landmarkCount),"
            + "\"aspect\":\(DecimalText.fixedInJSON(boxAspect, 4)),\"coordinates\":\"\(coordinates)\","
            + "\"contours\":[\(FaceContours.paths.map { "[\($0.path.map(String.init).joined(separator: ","))]" }.joined(separator: ","))]}"
    }
}
