import EmotionFormer
import EmotionFormerFixtures
import EmotionFormerTestSupport
import Foundation
import Testing

@testable import EmotionFormerLandmarks

@Suite("The face landmarker")
struct FaceLandmarkerTests {
    private func landmarker(_ options: FaceLandmarkerOptions = .init()) throws -> FaceLandmarker {
        try FaceLandmarker(try Golden.models.get(), options: options)
    }

    private func landmarks(_ values: [Float], _ frame: Int) -> [SIMD3<Float>] {
        let size = FaceMesh.landmarkCount * 3
        return [SIMD3<Float>](values[frame * size..<(frame + 1) * size])
    }

    @Test("A video's landmarks and blendshapes are MediaPipe's; what is not smoothed is not")
    func video() throws {
        let landmarker = try landmarker(.init(runningMode: .video, outputFaceBlendshapes: true))
        let plain = try self.landmarker(.init(runningMode: .video, numFaces: 2))
        let expected = try Golden.landmarks("ANG")
        let blendshapes = try Golden.array("ANG.blendshapes")
        var (found, unsmoothed) = (Distances(), Distances())
        var result = FaceLandmarkerResult()
        for (frame, time) in [0, 33, 66, 100, 133].enumerated() {
            try landmarker.detect(Golden.frame(frame), timestampInMilliseconds: time, into: &result)
            try #require(result.faces.count == 1)
            #expect(result.timestampInMilliseconds == time)
            found.add(result.faces[0].landmarks, landmarks(expected, frame))
            let scores = try #require(result.faces[0].blendshapes).scores
            for (index, score) in scores.enumerated() { #expect(abs(score - blendshapes[frame * 52 + index]) < 0.01) }
            #expect(result.faces[0].presence > 0.99)
            let other = try plain.detect(Golden.frame(frame), timestampInMilliseconds: time)
            try #require(other.faces.count == 1)
            #expect(other.faces[0].blendshapes == nil)
            unsmoothed.add(other.faces[0].landmarks, landmarks(expected, frame))
        }
        #expect(found.areSmall, "\(found)")
        #expect(!unsmoothed.areSmall, "\(unsmoothed)")
        #expect(result.faces[0].blendshapes?["jawOpen"] == result.faces[0].blendshapes?.scores[25])
        #expect(result.faces[0].blendshapes?["jaw"] == nil)
    }

    @Test("A face that is lost is looked for in the next frame, and smoothed anew")
    func blanks() throws {
        let landmarker = try landmarker(.init(runningMode: .video))
        let expected = try Golden.array("blanks")
        var found = Distances()
        for index in 0..<10 {
            let image = (5...7).contains(index) ? Golden.black : try Golden.frame(index)
            let result = try landmarker.detect(image, timestampInMilliseconds: 33 * index)
            let golden = landmarks(expected, index)
            try #require(result.faces.count == (golden[0].x.isNaN ? 0 : 1), "frame \(index)")
            let frame = try result.landmarkFrame()
            #expect(frame.hasFace == !result.faces.isEmpty)
            #expect(frame.time == Double(33 * index) / 1000)
            if let face = result.faces.first { found.add(face.landmarks, golden) }
        }
        #expect(found.areSmall, "\(found)")
    }

    @Test("A video goes through a stream: frame by frame, and as an asynchronous sequence")
    func stream() async throws {
        let model = try EmotionModel(
            path: Fixture.folder.appendingPathComponent("../../../Weights/EmotionFormer-Synthetic").standardizedFileURL
                .path)
        let frames = try (0..<4).map {
            VideoFrame(image: try Golden.frame($0), timestampInMilliseconds: 33 * $0)
        }
        let options = EmotionStream.Options(hop: 1, minimumFrames: 2)
        var stream = try EmotionStream(model, options: options)
        let landmarker = try landmarker(.init(runningMode: .video))
        var one: [StreamPrediction] = []
        for frame in frames {
            let landmarks = try landmarker.detect(
                frame.image, timestampInMilliseconds: frame.timestampInMilliseconds
            ).landmarkFrame()
            if let prediction = try stream.append(landmarks) { one.append(prediction) }
        }
        let source = AsyncStream { continuation in
            for frame in frames { continuation.yield(frame) }
            continuation.finish()
        }
        var other: [StreamPrediction] = []
        let second = try EmotionStream(model, options: options)
        for try await prediction in second.predictions(
            of: try self.landmarker(.init(runningMode: .video)).landmarkFrames(of: source))
        {
            other.append(prediction)
        }
        #expect(one.count == 3)
        #expect(one.map(\.outputs) == other.map(\.outputs))
        #expect(one.map(\.endTime) == other.map(\.endTime))
        #expect(one.last?.endTime == 0.099)
    }

    @Test("A single picture's landmarks are MediaPipe's, whatever was looked at before")
    func picture() throws {
        let landmarker = try landmarker()
        let expected = landmarks(try Golden.array("ANG.image"), 0)
        var results: [FaceLandmarkerResult] = []
        for image in [try Golden.frame(0), Golden.black, try Golden.frame(0)] {
            results.append(try landmarker.detect(image))
        }
        #expect(results.map(\.faces.count) == [1, 0, 1])
        #expect(results[0] == results[2])
        #expect(results[0].timestampInMilliseconds == nil)
        var found = Distances()
        found.add(results[0].faces[0].landmarks, expected)
        #expect(found.areSmall, "\(found)")
    }

    @Test("Thresholds: a presence of 1 is never exceeded, and no score reaches 1")
    func thresholds() throws {
        let image = try Golden.frame(0)
        #expect(try landmarker(.init(minFacePresenceConfidence: 1)).detect(image).faces.isEmpty)
        #expect(try landmarker(.init(minFaceDetectionConfidence: 1)).detect(image).faces.isEmpty)
        #expect(try landmarker(.init(minFaceDetectionConfidence: 0.96)).detect(image).faces.isEmpty)
        #expect(try landmarker(.init(minFaceDetectionConfidence: 0.95)).detect(image).faces.count == 1)
    }

    @Test("Options that are out of range are refused by name")
    func options() {
        for value in [-0.1, 1.1, .nan, .infinity] as [Float] {
            for (name, options) in [
                ("minFaceDetectionConfidence", FaceLandmarkerOptions(minFaceDetectionConfidence: value)),
                ("minFacePresenceConfidence", FaceLandmarkerOptions(minFacePresenceConfidence: value)),
                ("minTrackingConfidence", FaceLandmarkerOptions(minTrackingConfidence: value)),
            ] {
                #expect(
                    refusal { try landmarker(options) }
                        == "\(name): the confidence is out of range (found \(value), expected 0 to 1)")
            }
        }
        for count in [0, -1, 65] {
            #expect(
                refusal { try landmarker(.init(numFaces: count)) }
                    == "numFaces: the number of faces is out of range (found \(count), expected 1 to 64)")
        }
        #expect(
            refusal { try FaceLandmarkerModels(contentsOf: Golden.task, threads: 0) }
                == "threads: the number of threads is out of range (found 0, expected 1 to 1024)")
    }

    @Test("Times rise, and belong to videos; a refused frame changes nothing")
    func times() throws {
        let (video, image) = (try landmarker(.init(runningMode: .video)), try landmarker())
        let black = Golden.black
        #expect(
            refusal { try video.detect(black) }
                == "runningMode: the frames of a video have times (found video, expected detect(_:timestampInMilliseconds:), or the mode 'image')"
        )
        #expect(
            refusal { try image.detect(black, timestampInMilliseconds: 0) }
                == "runningMode: only the frames of a video have times (found image, expected detect(_:), or the mode 'video')"
        )
        func line(_ found: Int, _ expected: String) -> String {
            "timestampInMilliseconds: the times of a video's frames rise from frame to frame (found \(found), expected \(expected))"
        }
        let range = "0 to \(Int.max / 1_000_000)"
        #expect(refusal { try video.detect(black, timestampInMilliseconds: -1) } == line(-1, range))
        #expect(refusal { try video.detect(black, timestampInMilliseconds: .max) } == line(.max, range))
        #expect(refusal { try video.detect(black, timestampInMilliseconds: 5) } == "accepted")
        for time in [5, 4, 0] {
            #expect(refusal { try video.detect(black, timestampInMilliseconds: time) } == line(time, "6 or more"))
        }
        #expect(refusal { try video.detect(black, timestampInMilliseconds: 6) } == "accepted")
        video.reset()
        #expect(refusal { try video.detect(black, timestampInMilliseconds: 0) } == "accepted")
    }

    @Test("Pictures of one pixel and of 8K, and pixels that end too soon")
    func sizes() throws {
        let landmarker = try landmarker()
        for (width, height, format) in [
            (1, 1, ImageFrame.Format.rgb), (1, 1, .gray), (7680, 4320, .gray), (1, 3000, .bgra),
        ] {
            let image = try ImageFrame(
                format: format, width: width, height: height,
                bytes: [UInt8](repeating: 128, count: width * height * format.bytesPerPixel))
            #expect(try landmarker.detect(image).faces.isEmpty)
        }
        var result = FaceLandmarkerResult()
        let bytes = [UInt8](repeating: 0, count: 11)
        #expect(
            refusal {
                try bytes.withUnsafeBytes {
                    try landmarker.detect($0, format: .rgb, width: 2, height: 2, into: &result)
                }
            }
                == "picture: the bytes end before the picture does (found 11 bytes, expected 2 × 2 pixels in rows of 6 bytes)"
        )
        #expect(
            refusal {
                try landmarker.detect(
                    UnsafeRawBufferPointer(start: nil, count: 0), format: .rgb, width: 0, height: 0, into: &result)
            } == "picture: the picture has no pixels (found 0 × 0, expected 1 × 1 or more)")
    }
}
