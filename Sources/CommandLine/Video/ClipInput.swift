import EmotionFormer
import EmotionFormerLandmarks

/// What an argument names: a clip file, or a video or pictures, which become one clip.
struct ClipInput {
    /// The file's name without its folder, or `-`.
    let name: String
    let clips: [LandmarkClip]
    /// Why a video ended early; its clip is what came before.
    var failure: Failure?
    /// Of a video.
    var pictures: ClipPictures?

    init(_ file: ClipFile) {
        name = file.name
        clips = file.clips
    }

    /// Finds the landmarks of a video, a picture or a folder of pictures.
    /// - Throws: `Failure` if it cannot be read at all, or has no face.
    init(
        _ source: VisualSource, _ models: FaceLandmarkerModels, _ options: VideoOptions, keepsPictures: Bool
    ) throws {
        let finder = try FaceFinder(models)
        var reader = try LandmarkReader(source, finder, options, showsProgress: true)
        var frames: [LandmarkFrame] = []
        var pictures = ClipPictures(keepsPictures: keepsPictures)
        while let frame = try reader.next() {
            frames.append(try LandmarkFrame(landmarks: frame.face ?? [], time: frame.picture.time.double))
            pictures.add(frame.picture, number: frame.index)
        }
        guard reader.faces > 0 else { throw reader.fault() ?? Failure("\(source.path): there is no frame") }
        name = source.fileName
        clips = [try LandmarkClip(frames: frames)]
        failure = reader.fault(kept: "used")
        self.pictures = pictures
    }
}
