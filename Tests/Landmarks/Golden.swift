import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerFixtures
import Foundation

@testable import EmotionFormerLandmarks

/// MediaPipe's own values; see `Fixtures/README.md`.
struct Golden: Decodable {
    struct Frame: Decodable {
        let frame: Int
        let milliseconds: Int
        let rect: [Float]
        let corners: [Float]
        let map: [Double]
        let cropSha256: String
        let presenceLogit: Float
        let presence: Float
        let nextRect: [Float]
        let detector: Detector?
    }

    struct Detector: Decodable {
        let cropSha256: String
        let candidates: [Detection]
        let merged: [Detection]
        let faceRect: [Float]
        let keypoints: [Float]
    }

    struct Detection: Decodable {
        let score: Float
        let box: [Float]
        let keypoints: [Float]
    }

    let width: Int
    let height: Int
    let frames: [Frame]

    static let clips = ["ANG", "DIS", "FEA", "HAP", "NEU", "SAD"]
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")

    static func clip(_ name: String) throws -> Golden {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Golden.self, from: Data(contentsOf: folder.appendingPathComponent("\(name).json")))
    }

    static func array(_ name: String) throws -> [Float] {
        let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent("\(name).npy")))
        return try NumPyArray(bytes[...]).floats()
    }

    /// The committed landmarks of a clip: frames × 478 × 3, smoothed.
    static func landmarks(_ clip: String) throws -> [Float] {
        let path = Fixture.folder.appendingPathComponent("../cremad/1001_DFA_\(clip).facelandmarker.npy")
        return try NumPyArray([UInt8](try Data(contentsOf: path))[...]).floats()
    }

    static let task = Fixture.folder.appendingPathComponent("../../../Weights/FaceLandmarker/face_landmarker.task")
        .standardizedFileURL

    /// Once for all tests.
    static let models = Result { try FaceLandmarkerModels(contentsOf: task) }

    /// Committed frames of the clip ANG by their numbers.
    static let frames = Result {
        let numbers = [0, 1, 2, 3, 4, 8, 9]
        return Dictionary(uniqueKeysWithValues: zip(numbers, try readFrames("ANG", count: numbers.count)))
    }

    /// Frames 0 to 21 of the clip ANG, and 15 to 21 of HAP.
    static let sequences = Result {
        let rest = try readFrames("sequences", count: 22)
        var angry = try frames.get()
        for (number, frame) in zip([5, 6, 7] + Array(10...21), rest) { angry[number] = frame }
        return (angry: (0...21).compactMap { angry[$0] }, happy: Array(rest[15...]))
    }

    private static func readFrames(_ name: String, count: Int) throws -> [ImageFrame] {
        let size = 480 * 360 * 3
        let packed = [UInt8](try Data(contentsOf: folder.appendingPathComponent("\(name).frames.xz")))
        var bytes = try Compression.decompressed(packed, atMost: count * size)
        for place in size..<bytes.count { bytes[place] &+= bytes[place - size] }
        return try (0..<count).map { place in
            try ImageFrame(
                format: .rgb, width: 480, height: 360, bytes: Array(bytes[place * size..<(place + 1) * size]))
        }
    }

    static func frame(_ number: Int) throws -> ImageFrame {
        guard let frame = try frames.get()[number] else { throw Fault(.invalidValue, at: "frame", "not committed") }
        return frame
    }

    static let black = try! ImageFrame(
        format: .rgb, width: 480, height: 360, bytes: [UInt8](repeating: 0, count: 480 * 360 * 3))
}

extension FaceRectangle {
    init(_ values: [Float]) {
        self.init(x: values[0], y: values[1], width: values[2], height: values[3], rotation: values[4])
    }

    var values: [Float] { [x, y, width, height, rotation] }
}

extension [SIMD3<Float>] {
    init(_ values: some Collection<Float>) {
        let values = [Float](values)
        self = (0..<values.count / 3).map { SIMD3(values[$0 * 3], values[$0 * 3 + 1], values[$0 * 3 + 2]) }
    }
}

/// The mean and the largest distance in pixels of a picture, and the largest difference of z.
struct Distances: CustomStringConvertible {
    private let size: SIMD3<Float>
    private(set) var mean: Float = 0
    private(set) var largest: Float = 0
    private(set) var depth: Float = 0
    private var count: Float = 0

    init(width: Float = 480, height: Float = 360) { size = SIMD3(width, height, width) }

    mutating func add(_ found: [SIMD3<Float>], _ expected: [SIMD3<Float>]) {
        for (one, other) in zip(found, expected) {
            let difference = (one - other) * size
            let distance = (difference.x * difference.x + difference.y * difference.y).squareRoot()
            mean = (mean * count + distance) / (count + 1)
            count += 1
            largest = max(largest, distance.isNaN ? .infinity : distance)
            depth = max(depth, difference.z.isNaN ? .infinity : abs(difference.z))
        }
    }

    /// What the two versions of MediaPipe that were compared differ by, and a little more.
    var areSmall: Bool { mean <= 0.01 && largest <= 0.1 && depth <= 0.1 && count > 0 }
    var description: String { "mean \(mean), largest \(largest), z \(depth) px" }
}
