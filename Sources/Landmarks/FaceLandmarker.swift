public import EmotionFormer
import EmotionFormerCore
import EmotionFormerEngine

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// Finds faces in pictures, and 478 landmarks of each, as MediaPipe's Face Landmarker does.
///
/// ```swift
/// let landmarker = try FaceLandmarker(contentsOf: task, options: .init(runningMode: .video))
/// let result = try landmarker.detect(image, timestampInMilliseconds: 33)
/// for face in result.faces { draw(face.landmarks) }
/// ```
/// A landmarker follows the faces of one video, and only one thread at a time may use it. Any number of landmarkers may
/// run side by side, and share one ``FaceLandmarkerModels``.
public final class FaceLandmarker {
    public let options: FaceLandmarkerOptions
    private let detection: Session
    private let mesh: Session
    private let blendshapes: Session?
    private var detector: FaceDetector
    private var tracking: FaceTracking
    private var smoothing = LandmarkSmoothing()
    /// Of the last frame; nil before the first.
    private var lastTime: Int?

    /// - Throws: `invalidArgument` for an option that is out of range.
    public init(
        _ models: FaceLandmarkerModels, options: FaceLandmarkerOptions = FaceLandmarkerOptions()
    ) throws(EmotionFormerError) {
        do throws(Fault) {
            try options.validate()
        } catch {
            throw EmotionFormerError(error)
        }
        self.options = options
        detection = Session(models.detector.plan)
        mesh = Session(models.mesh.plan)
        blendshapes = options.outputFaceBlendshapes ? Session(models.blendshapes.plan) : nil
        detector = FaceDetector(threshold: options.minFaceDetectionConfidence)
        tracking = FaceTracking(options)
    }

    /// Reads a task file, MediaPipe's `face_landmarker.task`.
    /// - Parameters:
    ///   - url: a file URL.
    ///   - threads: the number of threads that one picture may use, its caller's included.
    ///   - instructionSet: as in ``EmotionModel/Options/instructionSet``.
    /// - Throws: what ``FaceLandmarkerModels`` throws; `invalidArgument` for an option that is out of range.
    public convenience init(
        contentsOf url: URL, options: FaceLandmarkerOptions = FaceLandmarkerOptions(), threads: Int = 1,
        instructionSet: EmotionModel.InstructionSet? = nil
    ) throws(EmotionFormerError) {
        try self.init(
            FaceLandmarkerModels(contentsOf: url, threads: threads, instructionSet: instructionSet), options: options)
    }

    /// Forgets the faces that were followed and the last time: the next frame is another video's.
    public func reset() {
        tracking.forget()
        smoothing.reset()
        lastTime = nil
    }

    /// Finds the faces of a picture that has nothing to do with those before.
    /// - Throws: `invalidArgument` if the running mode is `video`.
    public func detect(_ image: ImageFrame) throws(EmotionFormerError) -> FaceLandmarkerResult {
        var result = FaceLandmarkerResult()
        try detect(image, into: &result)
        return result
    }

    /// Finds the faces of a video's next frame.
    /// - Parameter timestampInMilliseconds: the frame's time, later than the last one's; 0 or more.
    /// - Throws: `invalidArgument` if the running mode is `image`, and for a time that is not later.
    public func detect(
        _ image: ImageFrame, timestampInMilliseconds: Int
    ) throws(EmotionFormerError) -> FaceLandmarkerResult {
        var result = FaceLandmarkerResult()
        try detect(image, timestampInMilliseconds: timestampInMilliseconds, into: &result)
        return result
    }

    /// Like ``detect(_:)``, in the memory of a result; nothing is allocated if it has held as many faces before.
    public func detect(_ image: ImageFrame, into result: inout FaceLandmarkerResult) throws(EmotionFormerError) {
        try detect(image, at: nil, into: &result)
    }

    /// Like ``detect(_:timestampInMilliseconds:)``, in the memory of a result; nothing is allocated if it has held as many
    /// faces before.
    public func detect(
        _ image: ImageFrame, timestampInMilliseconds: Int, into result: inout FaceLandmarkerResult
    ) throws(EmotionFormerError) {
        try detect(image, at: timestampInMilliseconds, into: &result)
    }

    /// Like ``detect(_:into:)``, for pixels that someone else owns; they are only read, and not after the call.
    /// - Parameters:
    ///   - pixels: the rows from the top, at least up to the last one's last pixel.
    ///   - bytesPerRow: the number of bytes from the beginning of a row to that of the next; if nil, the rows lie close
    ///     together.
    /// - Throws: also what ``ImageFrame/init(format:width:height:bytesPerRow:bytes:)`` throws.
    public func detect(
        _ pixels: UnsafeRawBufferPointer, format: ImageFrame.Format, width: Int, height: Int, bytesPerRow: Int? = nil,
        into result: inout FaceLandmarkerResult
    ) throws(EmotionFormerError) {
        try detect(pixels, format, width, height, bytesPerRow, at: nil, into: &result)
    }

    /// Like ``detect(_:timestampInMilliseconds:into:)``, for pixels that someone else owns; they are only read, and not
    /// after the call.
    /// - Throws: also what ``ImageFrame/init(format:width:height:bytesPerRow:bytes:)`` throws.
    public func detect(
        _ pixels: UnsafeRawBufferPointer, format: ImageFrame.Format, width: Int, height: Int, bytesPerRow: Int? = nil,
        timestampInMilliseconds: Int, into result: inout FaceLandmarkerResult
    ) throws(EmotionFormerError) {
        try detect(pixels, format, width, height, bytesPerRow, at: timestampInMilliseconds, into: &result)
    }

    private func detect(
        _ image: ImageFrame, at time: Int?, into result: inout FaceLandmarkerResult
    ) throws(EmotionFormerError) {
        // A closure with a typed error would be allocated.
        var fault: EmotionFormerError?
        image.bytes.withUnsafeBytes { bytes in
            do throws(EmotionFormerError) {
                try detect(
                    bytes, image.format, image.width, image.height, image.bytesPerRow, at: time, into: &result)
            } catch {
                fault = error
            }
        }
        if let fault { throw fault }
    }

    private func detect(
        _ pixels: UnsafeRawBufferPointer, _ format: ImageFrame.Format, _ width: Int, _ height: Int, _ bytesPerRow: Int?,
        at time: Int?, into result: inout FaceLandmarkerResult
    ) throws(EmotionFormerError) {
        do throws(Fault) {
            let view = try PixelView(pixels, format: format, width: width, height: height, bytesPerRow: bytesPerRow)
            try check(time)
            result.timestampInMilliseconds = time
            result.count = 0
            try find(in: view, at: time, &result)
            lastTime = time
        } catch {
            throw EmotionFormerError(error)
        }
    }

    /// - Throws: `invalidArgument` for a time that the running mode does not take.
    private func check(_ time: Int?) throws(Fault) {
        guard (time != nil) == (options.runningMode == .video) else {
            throw Fault(
                .invalidArgument, at: "runningMode",
                time == nil ? "the frames of a video have times" : "only the frames of a video have times",
                found: options.runningMode.rawValue,
                expected: time == nil
                    ? "detect(_:timestampInMilliseconds:), or the mode 'image'" : "detect(_:), or the mode 'video'")
        }
        guard let time else { return }
        guard time > lastTime ?? -1, time <= FaceLandmarker.latestTime else {
            throw Fault(
                .invalidArgument, at: "timestampInMilliseconds",
                "the times of a video's frames rise from frame to frame", found: "\(time)",
                expected: lastTime.map { "\($0 + 1) or more" } ?? "0 to \(FaceLandmarker.latestTime)")
        }
    }

    /// Nanoseconds up to there can be counted.
    private static let latestTime = Int.max / 1_000_000

    // MARK: - Of one picture

    private func find(in view: PixelView, at time: Int?, _ result: inout FaceLandmarkerResult) throws(Fault) {
        detector.forget()
        if tracking.wantsDetection { try detectFaces(in: view) }
        tracking.begin(detector.faces, width: view.width, height: view.height)
        for index in tracking.rectangles.indices {
            if result.storage.count == result.count { result.storage.append(FaceLandmarkerResult.Face()) }
            let rectangle = tracking.rectangles[index]
            guard try findLandmarks(in: view, rectangle, &result.storage[result.count]) else { continue }
            result.count += 1
        }
        if result.count == 0 { smoothing.reset() }
        if let time, options.numFaces == 1, result.count == 1 {
            let (width, height) = (view.width, view.height)
            result.storage[0].landmarks.withUnsafeMutableBufferPointer { landmarks in
                guard let landmarks = landmarks.baseAddress else { return }
                smoothing.smooth(landmarks, milliseconds: time, width: width, height: height)
            }
        }
        for index in 0..<result.count {
            try findBlendshapes(of: &result.storage[index], width: view.width, height: view.height)
        }
    }

    /// Runs the detector over the whole picture, in a square with black around it.
    private func detectFaces(in view: PixelView) throws(Fault) {
        CropSampler(view, border: .black, values: ByteValues.detector.values).fill(
            detection.floatInput, side: FaceDetector.side,
            CropMap(CropCorners(aroundWidth: view.width, height: view.height), side: FaceDetector.side))
        try detection.run()
        detector.find(
            boxes: detection.floatOutput(0), logits: detection.floatOutput(1), atMost: options.numFaces)
    }

    /// Runs the mesh network over a part of the picture.
    /// - Returns: whether there is a face. Its place in the next frame is then noted.
    private func findLandmarks(
        in view: PixelView, _ rectangle: FaceRectangle, _ face: inout FaceLandmarkerResult.Face
    ) throws(Fault) -> Bool {
        guard rectangle.isUsable else { return false }
        CropSampler(view, border: .edge, values: ByteValues.mesh.values).fill(
            mesh.floatInput, side: FaceMesh.side,
            CropMap(CropCorners(rectangle, width: view.width, height: view.height), side: FaceMesh.side))
        try mesh.run()
        face.presence = sigmoid(mesh.floatOutput(1)[0])
        guard face.presence > options.minFacePresenceConfidence else { return false }
        face.landmarks.withUnsafeMutableBufferPointer { landmarks in
            guard let landmarks = landmarks.baseAddress else { return }
            FaceMesh.project(
                mesh.floatOutput(0), from: rectangle, width: view.width, height: view.height, to: landmarks)
            tracking.follow(FaceMesh.rectangle(around: landmarks, width: view.width, height: view.height))
        }
        return true
    }

    private func findBlendshapes(
        of face: inout FaceLandmarkerResult.Face, width: Int, height: Int
    ) throws(Fault) {
        guard let blendshapes else {
            face.blendshapes = nil
            return
        }
        let input = blendshapes.floatInput
        let size = SIMD2(Float(width), Float(height))
        for (place, landmark) in FaceBlendshapes.landmarks.enumerated() {
            input[place * 2] = face.landmarks[landmark].x * size.x
            input[place * 2 + 1] = face.landmarks[landmark].y * size.y
        }
        try blendshapes.run()
        if face.blendshapes == nil { face.blendshapes = FaceBlendshapes() }
        let output = blendshapes.floatOutput(0)
        for place in 0..<FaceBlendshapes.names.count { face.blendshapes?.scores[place] = output[place] }
    }
}
