# embed_folder(NAME FOLDER OUTPUT): a C++ file that holds every file of FOLDER, for src/runbook/embedded.hpp.
function(embed_folder name folder output)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${folder}/*)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder} -DOUTPUT=${output} -P ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
    DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
    COMMENT "compiling in the project of ${name}/")
endfunction()
