import EmotionFormerEngine
import Testing

@testable import EmotionFormerLandmarks

/// Longer videos, and several faces, beside MediaPipe; and what makes other landmarks of them.
@Suite("The face landmarker over sequences")
struct SequenceTests {
    private static let frameSize = FaceMesh.landmarkCount * 3

    /// The faces of golden landmarks; those of NaN are none.
    private func faces(_ values: [Float], _ frame: Int, of count: Int = 1) -> [[SIMD3<Float>]] {
        (0..<count).map { place in
            let start = (frame * count + place) * SequenceTests.frameSize
            return [SIMD3<Float>](values[start..<start + SequenceTests.frameSize])
        }.filter { !$0[0].x.isNaN }
    }

    private func landmarker(_ options: FaceLandmarkerOptions) throws -> FaceLandmarker {
        try FaceLandmarker(try Golden.models.get(), options: options)
    }

    /// Frame after frame, 33 ms apart, beside golden landmarks with as many faces in each.
    private func expect(_ images: [ImageFrame], are golden: String) throws {
        let landmarker = try landmarker(.init(runningMode: .video))
        let expected = try Golden.array(golden)
        try #require(expected.count == images.count * SequenceTests.frameSize)
        var found = Distances()
        for (index, image) in images.enumerated() {
            let result = try landmarker.detect(image, timestampInMilliseconds: 33 * index)
            let those = faces(expected, index)
            try #require(result.faces.count == those.count, "frame \(index)")
            if let face = result.faces.first { found.add(face.landmarks, those[0]) }
        }
        #expect(found.areSmall, "\(found)")
    }

    @Test("Faces that are lost and found again, a cut to another clip")
    func blanks() throws {
        let (angry, happy) = try Golden.sequences.get()
        var images = Array(angry[..<5])
        images += [Golden.black, Golden.black, Golden.black]
        images += angry[8..<14]
        images.append(Golden.black)
        images += happy
        try expect(images, are: "blanks")
    }

    /// The clip ANG moved to the left by 12 pixels a frame, black behind.
    private func slid() throws -> [ImageFrame] {
        try Golden.sequences.get().angry.enumerated().map { index, image in
            let columns = 12 * index * 3
            var bytes: [UInt8] = []
            bytes.reserveCapacity(image.bytes.count)
            for row in 0..<image.height {
                let start = row * image.bytesPerRow
                bytes += image.bytes[start + columns..<start + image.bytesPerRow]
                bytes += repeatElement(0, count: columns)
            }
            return try ImageFrame(format: .rgb, width: image.width, height: image.height, bytes: bytes)
        }
    }

    @Test("A face that slides out of the picture")
    func sliding() throws { try expect(try slid(), are: "sliding") }

    // MARK: - Several faces

    /// Two clips side by side, the middle of each; the right face is away in the fourth picture.
    private func pairs() throws -> [ImageFrame] {
        let (angry, happy) = try Golden.sequences.get()
        return try [0, 1, 2, 3, 4, 8, 9].enumerated().map { index, number in
            let (left, right) = (angry[number], index == 3 ? Golden.black : happy[index])
            var bytes: [UInt8] = []
            for row in 0..<360 {
                let middle = row * 1440 + 80 * 3..<row * 1440 + 400 * 3
                bytes += left.bytes[middle]
                bytes += right.bytes[middle]
            }
            return try ImageFrame(format: .rgb, width: 640, height: 360, bytes: bytes)
        }
    }

    @Test("Two faces, one of them away for a frame: the same faces in the same order, not smoothed")
    func two() throws {
        let landmarker = try landmarker(.init(runningMode: .video, numFaces: 2))
        let expected = try Golden.array("two")
        let images = try pairs()
        try #require(expected.count == images.count * 2 * SequenceTests.frameSize)
        var found = Distances(width: 640, height: 360)
        var counts: [Int] = []
        for (index, image) in images.enumerated() {
            let result = try landmarker.detect(image, timestampInMilliseconds: 33 * index)
            let those = faces(expected, index, of: 2)
            counts.append(those.count)
            try #require(result.faces.count == those.count, "frame \(index)")
            for (face, other) in zip(result.faces, those) { found.add(face.landmarks, other) }
        }
        #expect(counts == [2, 2, 2, 1, 2, 2, 2])
        #expect(found.areSmall, "\(found)")
    }

    @Test("Two faces of a single picture; of one that is asked for, the better")
    func twoPicture() throws {
        let image = try pairs()[0]
        let those = faces(try Golden.array("two.image"), 0, of: 2)
        let result = try landmarker(.init(numFaces: 2)).detect(image)
        try #require(result.faces.count == 2 && those.count == 2)
        var found = Distances(width: 640, height: 360)
        for (face, other) in zip(result.faces, those) { found.add(face.landmarks, other) }
        #expect(found.areSmall, "\(found)")
        var crossed = Distances(width: 640, height: 360)
        crossed.add(result.faces[0].landmarks, those[1])
        #expect(!crossed.areSmall, "the two faces lie apart")
        let single = try landmarker(.init()).detect(image)
        #expect(single.faces.first == result.faces.first && single.faces.count == 1)
    }

    // MARK: - What makes other landmarks

    /// Follows a face as the landmarker does, from a rectangle on, but for what is done in another way.
    private struct Follower {
        let mesh: Session
        var rectangle: FaceRectangle
        var border = CropSampler.Border.edge
        /// Whether centers of pixels lie on each other, as in the resizing of other libraries.
        var centersPixels = false

        /// The landmarks of the next picture, of 480 × 360, before smoothing.
        mutating func landmarks(in image: ImageFrame) throws -> [SIMD3<Float>] {
            var crop = rectangle
            if centersPixels {
                crop.x += rectangle.width / 512 - 0.5 / 480
                crop.y += rectangle.height / 512 - 0.5 / 360
            }
            try image.bytes.withUnsafeBytes { bytes in
                let view = try PixelView(bytes, format: .rgb, width: 480, height: 360, bytesPerRow: nil)
                CropSampler(view, border: border, values: ByteValues.mesh.values).fill(
                    mesh.floatInput, side: FaceMesh.side,
                    CropMap(CropCorners(crop, width: 480, height: 360), side: FaceMesh.side))
            }
            try mesh.run()
            var landmarks = [SIMD3<Float>](repeating: SIMD3(), count: FaceMesh.landmarkCount)
            landmarks.withUnsafeMutableBufferPointer {
                let landmarks = $0.baseAddress.unsafelyUnwrapped
                FaceMesh.project(mesh.floatOutput(0), from: rectangle, width: 480, height: 360, to: landmarks)
                rectangle = FaceMesh.rectangle(around: landmarks, width: 480, height: 360)
            }
            return landmarks
        }
    }

    @Test("Half a pixel's shift, no smoothing, other times: each gives landmarks that are told from MediaPipe's")
    func controls() throws {
        let golden = try Golden.clip("ANG")
        let images = try Golden.sequences.get().angry[..<10]
        let expected = try Golden.landmarks("ANG")
        func distances(centersPixels: Bool = false, slowness: Int? = 1) throws -> Distances {
            var follower = Follower(
                mesh: Session(try Golden.models.get().mesh.plan), rectangle: FaceRectangle(golden.frames[0].rect),
                centersPixels: centersPixels)
            var (smoothing, found) = (LandmarkSmoothing(), Distances())
            for (index, image) in images.enumerated() {
                var landmarks = try follower.landmarks(in: image)
                if let slowness {
                    landmarks.withUnsafeMutableBufferPointer {
                        smoothing.smooth(
                            $0.baseAddress.unsafelyUnwrapped,
                            milliseconds: golden.frames[index].milliseconds * slowness, width: 480, height: 360)
                    }
                }
                found.add(landmarks, faces(expected, index)[0])
            }
            return found
        }
        let right = try distances()
        #expect(right.areSmall, "\(right)")
        for wrong in [
            try distances(centersPixels: true), try distances(slowness: nil), try distances(slowness: 3),
        ] {
            #expect(!wrong.areSmall && wrong.mean > 0.03, "\(wrong)")
        }
    }

    @Test("Black in place of the nearest pixel around the picture gives another place to a face that leaves it")
    func border() throws {
        let images = try slid()
        let rectangles = try Golden.array("sliding.rectangles")
        func golden(_ frame: Int) -> FaceRectangle { FaceRectangle(Array(rectangles[frame * 5..<(frame + 1) * 5])) }
        /// How far the places of the face in the next frames are from MediaPipe's, in pixels.
        func distance(_ border: CropSampler.Border) throws -> Float {
            // From the frame on in which the face reaches beyond the left side, as long as it is found.
            var follower = Follower(
                mesh: Session(try Golden.models.get().mesh.plan), rectangle: golden(11), border: border)
            var largest: Float = 0
            for frame in 12..<19 {
                _ = try follower.landmarks(in: images[frame])
                largest = max(largest, abs(follower.rectangle.x - golden(frame).x) * 480)
            }
            return largest
        }
        #expect(golden(11).x < golden(11).width / 2)
        let (edge, black) = (try distance(.edge), try distance(.black))
        #expect(edge < 0.1 && black > 0.3, "\(edge), \(black)")
    }

    // MARK: - Side by side

    @Test("Landmarkers that share networks on many threads give the bits of one alone")
    func parallel() async throws {
        let models = try Golden.models.get()
        let images = try [0, 1, 2].map { try Golden.frame($0) }
        @Sendable func results() throws -> [FaceLandmarkerResult] {
            let landmarker = try FaceLandmarker(
                models, options: .init(runningMode: .video, outputFaceBlendshapes: true))
            return try images.enumerated().map { try landmarker.detect($1, timestampInMilliseconds: 33 * $0) }
        }
        let alone = try results()
        #expect(alone.allSatisfy { $0.faces.count == 1 })
        let together = try await withThrowingTaskGroup(of: [FaceLandmarkerResult].self) { group in
            for _ in 0..<8 { group.addTask { try results() } }
            var all: [[FaceLandmarkerResult]] = []
            for try await each in group { all.append(each) }
            return all
        }
        #expect(together.count == 8 && together.allSatisfy { $0 == alone })
        // Nor does the number of threads of one change a bit.
        let threaded = try FaceLandmarker(
            try FaceLandmarkerModels(contentsOf: Golden.task, threads: 3),
            options: .init(runningMode: .video, outputFaceBlendshapes: true))
        for (index, image) in images.enumerated() {
            #expect(try threaded.detect(image, timestampInMilliseconds: 33 * index) == alone[index])
        }
    }
}
